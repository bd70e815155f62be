"""A box more in a hall that runs, or another machine in the place of one: its card, and its invitation."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import structs

from broker.authority.reading import fingerprint, read_chain
from broker.box_file import load_box
from broker.config import WebFile, load_node
from broker.invitations import BOX_FILE, GOOD_FOR, HALL_FILE, NODES, ROOT_FILE, TOKEN_BYTES, Invitation, token_hash

from . import authority, secrets_drawn
from .cards import Files, Founding, box_files, hall_text
from .checking import checked_plan
from .folder import CARD_FOLDER, CARDS, PLAN_FILE, pins_file, with_files, write_files
from .furnish import IDENTITY_KEY, PINS, TECHNICIAN_PIN, Box, Furnished, furnished
from .plan import DISPATCHER_BOX, Plan
from .secrets_drawn import Drawn
from .toml_text import toml_text

SPARE: Final = "spare"
CODES: Final = range(1, 96)  # a rating tablet's window; hall.toml has no codes


class CannotGrow(ValueError):
    """A box that cannot be added or replaced; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A box that is about to be invited: its token's invitation, its card, and its files without the token."""

    invitation: Invitation
    card: Files
    files: Files
    hall: bytes = b""  # hall.toml with its nodes; empty where it stays as it is
    pin: str = ""
    technician_pin: str = ""  # where the hall had none


def another_machine(hall: Path, box: str, *, now: datetime) -> Newcomer:
    """Return a new invitation for a box that the hall has. Raises CannotGrow, BrokenConfig."""
    folder = hall / CARDS / box / CARD_FOLDER
    if not (folder / BOX_FILE).is_file():
        raise CannotGrow(f"{hall} has no box {box}; for a new one: hallcall hall add {box}")
    about = load_box(folder / BOX_FILE)
    if about.spare:
        raise CannotGrow(f"{box} is a spare, whose card has no token; write it: hallcall hall write {box}")
    if box == DISPATCHER_BOX:
        raise CannotGrow("the dispatcher's box holds the hall's record: take its last copy, hallcall restore")
    token = secrets.token_hex(TOKEN_BYTES)
    text = (folder / BOX_FILE).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("token =")]
    at = next(index for index, line in enumerate(kept) if line.startswith("nodes ="))
    card = "\n".join([*kept[:at], f'token = "{token}"', *kept[at:], ""])
    return Newcomer(invitation=_invitation(box, about.nodes, token, now), card={BOX_FILE: card.encode()}, files={})


def check_is_new(hall: Path, box: str) -> None:
    """Raise CannotGrow where the hall has the box already."""
    if (hall / CARDS / box).exists():
        raise CannotGrow(f"the hall has a box {box} already; for another machine: hallcall hall replace {box}")


def with_role(hall: Path, box: str, role: str, address: str = "") -> str:
    """Return the hall's plan with one box more, with what is usual for its role."""
    plan = (hall / PLAN_FILE).read_text(encoding="utf-8").rstrip("\n")
    at = f'address = "{address}"\n' if address else ""
    what = "spare = true" if role == SPARE else f"{role} = {{}}"
    return f'{plan}\n\n[[boxes]]\nbox = "{box}"\n{at}{what}\n'


def newcomer(hall: Path, plan_file: Path, box: str, *, now: datetime) -> Newcomer:
    """Return a box that the plan has and the hall has not yet. Raises CannotGrow, BrokenConfig."""
    plan, _ = checked_plan(plan_file)
    drawn = _drawn_before(hall, plan, box)
    planned = furnished(plan, codes=drawn.codes)
    made, extra = with_files(planned, plan_file.parent)
    own = next((each for each in made.boxes if each.box == box), None)
    if own is None:
        raise CannotGrow(f"{PLAN_FILE} has no box {box}; write it there, or say which --role it has")
    _nothing_else_changes(hall, made, box)
    root = (hall / authority.FOLDER / ROOT_FILE).read_bytes()
    needs_pins = any(PINS in node.secrets for node in own.nodes)
    founding = Founding(
        hall=plan.hall.id,
        timezone=plan.hall.timezone,
        dispatcher=plan.hall.dispatcher_host,
        furnished=made,
        drawn=drawn,
        root=root,
        fingerprint=fingerprint(read_chain(root)[0]),
        issuing=b"",
        pins=pins_file(plan.hall.supervisor, drawn.supervisor_pin, hall) if needs_pins else b"",
        extra=extra,
        made=now,
    )
    return Newcomer(
        invitation=_invitation(box, tuple(node.id for node in own.nodes), drawn.tokens[box], now),
        card=box_files(founding, own, with_token=True),
        files=box_files(founding, own, with_token=False),
        hall=_grown_hall(hall, plan, made, own).encode(),
        pin=drawn.supervisor_pin if needs_pins else "",
        technician_pin=drawn.technician_pin if any(TECHNICIAN_PIN in node.secrets for node in own.nodes) else "",
    )


def _grown_hall(hall: Path, plan: Plan, made: Furnished, new: Box) -> str:
    """Return hall.toml with a box's nodes: as the plan comes to, or at the end of what somebody wrote by hand."""
    there = (hall / HALL_FILE).read_text(encoding="utf-8")
    others = tuple(each for each in plan.hall.boxes if each.box != new.box)
    before = furnished(replace(plan, hall=structs.replace(plan.hall, boxes=others)), codes=dict.fromkeys(CODES, ""))
    if there == hall_text(before):
        return hall_text(made)
    ids = {node.id for node in new.nodes}
    listed = made.hall["nodes"]
    added = [each for each in listed if each["id"] in ids] if isinstance(listed, list) else []
    return f"{there.rstrip()}\n\n{toml_text({'nodes': added})}" if added else there


def take_in(hall: Path, box: str, newcomer: Newcomer) -> None:
    """Write a newcomer's card into the hall's folder, to be written onto a stick."""
    write_files(hall / CARDS / box / CARD_FOLDER, newcomer.card)
    if newcomer.hall:
        write_files(hall, {PurePosixPath("hall.toml"): newcomer.hall})


def _invitation(box: str, nodes: tuple[str, ...], token: str, now: datetime) -> Invitation:
    return Invitation(box=box, nodes=nodes, token=token_hash(token), expires=now + GOOD_FOR)


def _drawn_before(hall: Path, plan: Plan, box: str) -> Drawn:
    """Return the hall's secrets as the cards have them, and new ones where there are none."""
    tablets = [
        number for each in plan.hall.boxes if each.web is not None for number in _numbers(each.web.get("tablets"))
    ]
    drawn = secrets_drawn.drawn([box], tablets)
    keys = sorted(hall.glob(f"{CARDS}/*/{CARD_FOLDER}/{NODES}/{IDENTITY_KEY}"))
    lines = sorted(hall.glob(f"{CARDS}/*/{CARD_FOLDER}/{NODES}/{TECHNICIAN_PIN}"))
    codes = {
        tablet.counter: tablet.code
        for file in hall.glob(f"{CARDS}/*/{CARD_FOLDER}/{NODES}/*.toml")
        if "[[tablets]]" in file.read_text(encoding="utf-8")
        for tablet in load_node(file, WebFile).tablets
    }
    return Drawn(
        tokens=drawn.tokens,
        codes={**drawn.codes, **codes},
        identity_key=keys[0].read_text(encoding="utf-8").strip() if keys else drawn.identity_key,
        supervisor_pin=drawn.supervisor_pin,
        technician_pin="" if lines else drawn.technician_pin,
        technician_line=lines[0].read_text(encoding="ascii").strip() if lines else drawn.technician_line,
    )


def _numbers(value: object) -> list[int]:
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []


def _nothing_else_changes(hall: Path, made: Furnished, box: str) -> None:
    """Raise CannotGrow where the plan now gives other nodes to a box that has joined."""
    for each in made.boxes:
        file = hall / CARDS / each.box / CARD_FOLDER / BOX_FILE
        if each.box == box or each.spare or not file.exists():
            continue
        before, after = set(load_box(file).nodes), {node.id for node in each.nodes}
        if before != after:
            changed = ", ".join(sorted(before ^ after))
            raise CannotGrow(f"{PLAN_FILE} changes {each.box} too ({changed}); put the new box last in it")
