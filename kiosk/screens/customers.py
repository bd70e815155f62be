"""Customers who are expected, or say who they are: a booking's code, an account or ID number."""

from .. import flow, identity
from .layout import Said, Scene
from .number_pad import PadKey, digit_keys, number_pad
from .shapes import Picture

GROUPS = {10: (4, 4, 2), 13: (4, 4, 5), identity.ID_CARD: (6, 8, 4)}  # how numbers of a length are read


def customer(scene: Scene, screen: flow.CheckIn | flow.Checking | flow.Identify) -> Picture:
    match screen:
        case flow.CheckIn():
            return check_in(scene, screen, waiting=False)
        case flow.Checking(code=code):
            return check_in(scene, flow.CheckIn(digits=code), waiting=True)
        case flow.Identify():
            return identify(scene, screen)


def check_in(scene: Scene, typed: flow.CheckIn, *, waiting: bool) -> Picture:
    """Return the keypad for a booking's code; while the dispatcher is asked its keys are gone."""
    speech = scene.speech
    ready = [("enter", speech.both("enter"), "main")] if len(typed.digits) >= flow.CODE[0] else []
    return number_pad(
        scene,
        name="checking" if waiting else "check_in",
        title=speech.both("check_in_title"),
        typed=typed.digits,
        hint=speech.both("type_code"),
        beside=[speech.both("check_in_body"), speech.both("check_in_body_short")],
        keys=[*digit_keys(), ("delete", speech.both("delete"), "plain"), *ready],
        waiting=speech.both("checking") if waiting else None,
        wide_box=True,
    )


def identify(scene: Scene, page: flow.Identify) -> Picture:
    """Return the keypad for an account or ID number."""
    speech, hall = scene.speech, scene.kiosk.hall
    asked = hall.identity if hall is not None else None
    kind = asked.kind.value if asked is not None else "account"
    is_optional = asked is not None and page.service in asked.optional
    return number_pad(
        scene,
        name="identify",
        title=speech.both(f"identify_{kind}"),
        typed=grouped(page.typed, identity.longest(asked)) if asked is not None else page.typed,
        hint=speech.both(f"type_{kind}"),
        beside=_what_for(scene, page, is_optional=is_optional),
        keys=_keys(scene, page),
        leave=[("skip", speech.both("skip"), "plain")] if is_optional else [],
        wide_box=True,
        alert=page.is_wrong,
    )


def _what_for(scene: Scene, page: flow.Identify, *, is_optional: bool) -> list[Said]:
    speech = scene.speech
    if page.is_wrong:
        return [speech.both("identify_wrong"), speech.both("identify_wrong_short")]
    why = speech.both("identify_optional" if is_optional else "identify_required")
    return [why, speech.both("identify_short")]


def _keys(scene: Scene, page: flow.Identify) -> list[PadKey]:
    """Return the digits, with the keys that correct and send; X where it may be the next character."""
    speech, hall = scene.speech, scene.kiosk.hall
    asked = hall.identity if hall is not None else None
    last: list[PadKey] = []
    if asked is not None and identity.is_whole(asked, page.typed):
        last = [("enter", speech.both("enter"), "main")]
    elif asked is not None and identity.typed_on(asked, page.typed, "X") != page.typed:
        last = [("digit:X", ("X", ""), "plain")]
    return [*digit_keys(), ("delete", speech.both("delete"), "plain"), *last]


def grouped(typed: str, length: int) -> str:
    """Return a number in the groups in which it is read: 1101 0519 49, 110105 19491231 002X."""
    rest, parts = typed, []
    for size in GROUPS.get(len(typed), GROUPS.get(length, ())):
        if rest:
            parts.append(rest[:size])
            rest = rest[size:]
    return " ".join([*parts, rest] if rest else parts)
