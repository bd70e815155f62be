"""*My number was called*: the number is typed, letters first, then digits."""

from typing import Final

from .. import flow, shelves
from .layout import Scene
from .number_pad import PadKey, digit_keys, number_pad
from .shapes import Picture
from .ticket import late_rule

LETTERS: Final = 12  # keys for them


def missed(scene: Scene, typed: flow.Missed, *, waiting: bool) -> Picture:
    """Return the keypad; while the dispatcher is asked its keys are gone."""
    speech = scene.speech
    return number_pad(
        scene,
        name="returning" if waiting else "missed",
        title=speech.both("missed_title"),
        typed=typed.prefix + typed.digits,
        hint=speech.both("type_letters"),
        beside=[late_rule(scene), (speech.both("missed_rule_short")[0], "")],
        keys=_keys(scene, typed),
        waiting=speech.both("returning") if waiting else None,
    )


def _keys(scene: Scene, typed: flow.Missed) -> list[PadKey]:
    """Return the letters, or the digits, with the keys that correct, leave and send."""
    speech, hall = scene.speech, scene.kiosk.hall
    if typed.prefix:
        ready = [("enter", speech.both("enter"), "main")] if typed.digits else []
        return [*digit_keys(), ("delete", speech.both("delete"), "plain"), *ready]
    letters = shelves.prefixes(hall) if hall is not None else ()
    size = LETTERS if len(letters) <= LETTERS else LETTERS - 1
    pages = max(1, -(-len(letters) // size))
    shown = letters[typed.page % pages * size :][:size]
    more = [("more", speech.both("more_letters"), "plain")] if pages > 1 else []
    return [*((f"letters:{each}", (each, ""), "plain") for each in shown), *more]
