"""docs/configuration.md: every key of every file, from the structures that read them, and what the packs hold."""

import json
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from broker import config, policy_pack
from broker.box_file import BoxFile
from broker.contract import messages
from broker.device_file import DevicesFile
from broker.fields import shape
from broker.help_file import HelpFile
from broker.policy_pack import Pack
from broker.theme import Theme
from hardware.pad_frames import FramedPad, HidPad, LinedPad, ModbusPad
from hardware.sign_frames import GenericSign

from ..founding.plan import BoxPlan, HallPlan
from .tables import NOTE, default, header, paragraphs, plain, row

_FILES: Final[dict[str, type[Struct]]] = {
    "hall.toml": config.HallFile,
    "The dispatcher's file": config.DispatcherFile,
    "A kiosk's file": config.KioskFile,
    "A display's file": config.DisplayFile,
    "A counter box's file": config.CounterFile,
    "The web server's file": config.WebFile,
    "A box's file": BoxFile,
    "Names of a box's devices": DevicesFile,
    "Who may help": HelpFile,
    "A keeper's file": config.KeeperFile,
    "The registrar's file": config.RegistrarFile,
    "A generic sign's file": GenericSign,
    "A file for generic-pads": FramedPad,
    "A file for line-pads": LinedPad,
    "A file for modbus-pads": ModbusPad,
    "A file for hid-pad": HidPad,
    "A theme": Theme,
}
_WITH_PACK: Final = "`pack = …` takes the classes, needs, policy and rating scale of a trade as a hall's defaults:"
_OVERRIDDEN: Final = """\
The hall file's own keys override them: `[policy]` and `[rating]` key by key; `[[classes]]` and `[[needs]]` each replace
the pack's whole list. Of a pack's needs a hall has those that one of its counters or clerks `meets`. Many of these
numbers could not be confirmed in a primary text: `broker/packs/` marks them [?], and they want to be agreed with the
hall."""
_WITHOUT_PACK: Final = """\
Without `pack` a hall has one class, `ordinary`, with a target of 15 minutes, the discipline `share`, no bound on
overtaking and no needs: a counter calls those whom it can serve in the order in which they came. Targets that a
service states change that order, and nothing bounds by how much."""


def page() -> str:
    """Return docs/configuration.md."""
    lines = [
        "# Configuration",
        NOTE,
        "",
        "TOML files, read strictly: an unknown key is an error. `hallcall check-config FILE …` says all that is wrong,",
        "with line numbers, and below *advice* what is allowed and probably not meant.",
    ]
    for title, kind in _FILES.items():
        lines += ["", f"## {title}", "", *paragraphs(kind), *_table(kind, "")]
        if kind is config.HallFile:
            lines += ["", *_packs()]
    return "\n".join([*lines, "", *_plan(), ""])


def _plan() -> Iterator[str]:
    """Yield what a plan has beside the keys of hall.toml."""
    yield from ("## A hall's plan", "", *paragraphs(HallPlan), "", *header("key", "value", "default", "what"))
    for field in msgspec.structs.fields(HallPlan):
        if field.name not in config.HallFile.__struct_fields__ or field.name in (
            "zones",
            "services",
            "counters",
            "nodes",
        ):
            wanted = shape(field.type)
            yield row(f"`{field.encode_name}`", plain(wanted), default(field), wanted.description)
    yield from ("", "### `[[boxes]]`", "", *paragraphs(BoxPlan), *_table(BoxPlan, "boxes."))


def _table(kind: type[Struct], path: str) -> Iterator[str]:
    """Yield the keys of one table, then each table inside it."""
    inner: list[tuple[str, type[Struct]]] = []
    yield from ("", "| key | value | default | what |", "|---|---|---|---|")
    for field in msgspec.structs.fields(kind):
        wanted = shape(field.type)
        listed = shape(wanted.item) if wanted.item is not None else None
        part = (listed or wanted).structure
        if part is not None and part is not messages.Text:
            name = f"{path}{field.encode_name}"
            inner.append((f"[[{name}]]" if listed else f"[{name}]", part))
        value = plain(wanted).replace("table", "text, {zh, en}") if part is messages.Text else plain(wanted)
        yield row(f"`{field.encode_name}`", value, default(field), wanted.description)
    for name, part in inner:
        yield from ("", f"### `{name}`", "", *paragraphs(part), *_table(part, name.strip("[]") + "."))


# Packs ----------------------------------------------------------------------------------------------------------------


def _packs() -> Iterator[str]:
    """Yield what each pack gives a hall, side by side, and what a hall has without one."""
    packs = {pack.value: msgspec.convert(policy_pack.tables(pack), PackFile) for pack in Pack}
    trades = (f"- `{pack.value}`: {policy_pack.TRADES[pack]}" for pack in Pack)
    yield from ("### Policy packs", "", _WITH_PACK, "", *trades, "", _OVERRIDDEN, "", _WITHOUT_PACK)
    yield from ("", "Classes, from the highest to the lowest:", "", *header("class", *packs))
    for index, each in enumerate(next(iter(packs.values())).classes):
        yield row(f"`{each.id}`", *(_class(pack.classes[index]) for pack in packs.values()))
    yield from ("", "Needs:", "", *header("need", *packs))
    for index, need in enumerate(next(iter(packs.values())).needs):
        yield row(f"`{need.id}`", *(_need(pack.needs[index]) for pack in packs.values()))
    yield from (
        "",
        "`[policy]`; the keys that are not here have the defaults above:",
        "",
        *header("key", *packs, "without"),
    )
    stated = {key for pack in Pack for key in _policy_keys(pack)}
    for field in msgspec.structs.fields(messages.Policy):
        if field.name in stated:
            values = (msgspec.to_builtins(getattr(pack.policy, field.name)) for pack in packs.values())
            yield row(f"`{field.name}`", *map(_toml, values), default(field).strip('`"'))
    yield from ("", "Grades of `[rating]`, from the best to the worst:", "", *header("", *packs))
    yield row("grades", *(_grades(pack.rating) for pack in packs.values()))


class PackFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pack, with the defaults of its tables."""

    classes: tuple[messages.PriorityClass, ...]
    needs: tuple[messages.Need, ...]
    policy: messages.Policy
    rating: messages.RatingScale = messages.RatingScale()


def _grades(scale: messages.RatingScale) -> str:
    return ", ".join(f"{each.name.zh}{' (bad)' if each.bad else ''}" for each in scale.grades)


def _class(each: messages.PriorityClass) -> str:
    said = [f"{each.name.zh}, {each.target_min:g} min"]
    if each.absolute:
        said.append("absolute")
    if each.appointment:
        said.append("by appointment")
    if each.given_by is not messages.GivenBy.KIOSK:
        said.append(f"given by {each.given_by.value}")
    if each.per_hour is not None:
        said.append(f"at most {each.per_hour} an hour")
    return ", ".join(said)


def _need(need: messages.Need) -> str:
    return f"{need.name.zh}, at a counter that meets it" if need.at_counter else f"{need.name.zh}, {need.walk_s} s more"


def _policy_keys(pack: Pack) -> list[str]:
    policy = policy_pack.tables(pack)["policy"]
    return list(policy) if isinstance(policy, dict) else []


def _toml(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value).strip('"')
