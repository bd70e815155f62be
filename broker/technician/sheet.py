"""What stands on the technician's page, worded: the worst first; and the short report that its QR code holds. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..ailments import Found, advice, found, said, topic
from ..contract.messages import DeviceState, DeviceStatus, Language
from ..discretion import struck
from .told import Told

WORST_FIRST: Final = (DeviceState.FAULT, DeviceState.WARNING, DeviceState.OK)
LETTERS: Final = {DeviceState.FAULT: "R", DeviceState.WARNING: "A", DeviceState.OK: "G"}
LONGEST: Final = 600  # characters of the report: a code that a telephone reads from a hand's breadth of screen
_DEVICE: Final = {DeviceState.WARNING: "device_warning", DeviceState.FAULT: "device_fault"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A finding: where and of what, what was found, what to do (empty where nothing is)."""

    light: DeviceState
    head: str
    text: str
    to_do: str


def all_found(told: Told | None, *, node: str, devices: Iterable[DeviceStatus], language: Language) -> list[Found]:
    """Return each finding once, the worst first: those of this program's devices, of its box, of the hall."""
    own = [
        Found(node, found(_DEVICE[each.state], node=node, device=each.name, detail=each.detail))
        for each in devices
        if each.state in _DEVICE
    ]
    rest = told.of(language) if told is not None else (Found(node, found("keeper_missing")),)
    once: dict[object, Found] = {}
    for each in (*own, *rest):
        if each.finding.state in WORST_FIRST:
            once.setdefault((each.finding.key, tuple(sorted(each.finding.args.items()))), each)
    return sorted(once.values(), key=lambda each: WORST_FIRST.index(each.finding.state))


def rows(every: Sequence[Found], language: Language) -> list[Row]:
    """Return a row for each that somebody must see to, and one for all that is well."""
    wrong = [_row(each, language) for each in every if each.finding.state is not DeviceState.OK]
    well = dict.fromkeys(topic(each.finding, language) for each in every if each.finding.state is DeviceState.OK)
    comma = "、" if language is Language.ZH else ", "
    return [*wrong, *([Row(light=DeviceState.OK, head="", text=comma.join(well), to_do="")] if well else [])]


def counts(every: Sequence[Found]) -> tuple[int, int, int]:
    """Return how many are red, amber, green."""
    states = [each.finding.state for each in every]
    return states.count(DeviceState.FAULT), states.count(DeviceState.WARNING), states.count(DeviceState.OK)


def report(told: Told | None, every: Sequence[Found], *, node: str, program: str, now: datetime) -> str:
    """Return it short, in no language: keys and figures, nobody's name or number."""
    red, amber, green = counts(every)
    about = f" {told.image or '-'}/{told.slot or '-'}" if told is not None else ""
    head = f"HALLCALL {program}{about} {node} {now.astimezone(UTC):%Y-%m-%dT%H:%MZ} R{red} A{amber} G{green}"
    lines = [head, *(_short(each) for each in every if each.finding.state is not DeviceState.OK)]
    text = "\n".join(lines)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _row(each: Found, language: Language) -> Row:
    text = said(each.finding, language)
    where = f"{each.place} · " if each.place and each.place not in text else ""
    return Row(
        light=each.finding.state,
        head=f"{where}{topic(each.finding, language)}",
        text=text,
        to_do=advice(each.finding, language),
    )


def _short(each: Found) -> str:
    args = " ".join(
        f"{name}={struck(value)[:60] if isinstance(value, str) else f'{value:g}'}"
        for name, value in each.finding.args.items()
    )
    where = f"{each.place} " if each.place else ""
    return f"{LETTERS[each.finding.state]} {where}{each.finding.key} {args}".strip()
