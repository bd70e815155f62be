"""What the demo proves: each call as seen at the far ends, counted, and every mismatch named."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ..listener import listen, references, samples
from .floor import Floor, Glimpse

GRADE_NAMES: Final = {0: None, 1: "satisfied", 2: "average", 3: "dissatisfied", 4: "complaint"}
SIGN_GAP_MS: Final = 200.0  # the vendor's, between two frames on one line


def recognise(floor: Floor, *, tape: Path, known: Path, languages: Sequence[str], repeats: int) -> list[str]:
    """Find out whom each announcement called, by its sound; note it with the calls; return what is wrong.

    The recording is compared with sentences made outside the running programs, in the directory `known`.
    """
    if not floor.announcements:
        return []
    sentences = [(each.ticket, each.counter, language) for each in floor.glimpses.values() for language in languages]
    heard = listen(samples(tape), references(sentences, place=known))
    problems = [f"the sound at {at_s:.1f} s is nothing known" for at_s in heard.strange_s]
    in_full = [*[languages[0]] * (repeats - 1), *languages]
    for each in heard.announcements:
        said = [one.sentence[2] for one in each.said]
        calls = dict.fromkeys(one.sentence[:2] for one in each.said)
        if not calls:
            problems.append(f"the announcement at {each.start_s:.1f} s is none of the calls")
        elif len(calls) == 1 and said != in_full:
            problems.append(f"the announcement at {each.start_s:.1f} s is in {', '.join(said)}")
        for ticket, counter in calls:
            glimpse = floor.glimpses[ticket, counter]
            if glimpse.voice_start_s is not None:
                problems.append(f"{ticket}: announced twice, at {each.start_s:.1f} s again")
                continue
            glimpse.voice_start_s, glimpse.voice_end_s = each.start_s, each.end_s
            glimpse.voice_ms = floor.tape_began_ms + each.start_s * 1000
    return problems


def calls(floor: Floor) -> list[dict[str, Any]]:
    """Return a line a call, in the order of the presses."""
    ordered = sorted(floor.glimpses.values(), key=lambda each: each.pressed_ms or 0)
    return [
        {
            "call_id": each.call_id,
            "ticket": each.ticket,
            "counter": each.counter,
            "pressed_ms": each.pressed_ms,
            "board_ms": each.board_ms,
            "board_text": each.board_text,
            "sign_ms": each.sign_ms,
            "sign_bytes": each.sign_bytes,
            "voice_start_s": each.voice_start_s,
            "voice_end_s": each.voice_end_s,
            "served": each.served,
            "rating": GRADE_NAMES[each.rating] if each.rating is not None else None,
        }
        for each in ordered
    ]


def delays(floor: Floor) -> dict[str, dict[str, float | None]]:
    """Return p50 and p99, in milliseconds, of the calls that found the sign line free, for sound: the voice."""
    free = line_was_free(floor)
    unspoken = [each for each in floor.glimpses.values() if _found_voice_free(floor, each)]
    return {
        "press_to_sign_ms": _percentiles(since_press(free, "sign_ms")),
        "press_to_board_ms": _percentiles(since_press(free, "board_ms")),
        "press_to_voice_ms": _percentiles(since_press(unspoken, "voice_ms")),
    }


def line_was_free(floor: Floor) -> list[Glimpse]:
    """Return the calls that found the sign line free."""
    return [each for each in floor.glimpses.values() if _found_line_free(floor, each)]


def _found_line_free(floor: Floor, call: Glimpse) -> bool:
    """Tell whether no other frame held the sign line, from its gap before the press to the call's own frame."""
    if call.pressed_ms is None or call.sign_ms is None:
        return False
    return not any(call.pressed_ms - SIGN_GAP_MS < at < call.sign_ms for at in floor.sign_frames_ms)


def _found_voice_free(floor: Floor, call: Glimpse) -> bool:
    """Tell whether no other announcement was heard between the press and the call's own; no two overlap."""
    if call.pressed_ms is None or call.voice_start_s is None:
        return False
    pressed_s, start_s = (call.pressed_ms - floor.tape_began_ms) / 1000, call.voice_start_s
    return not any(pressed_s < each.end_s <= start_s for each in floor.announcements)


def since_press(glimpses: Iterable[Glimpse], what: str) -> list[float]:
    """Return the milliseconds from each press to what the glimpse names: board_ms, sign_ms or voice_ms."""
    return [seen - (each.pressed_ms or 0) for each in glimpses if (seen := getattr(each, what)) is not None]


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p99": None}
    if len(values) == 1:
        return {"p50": round(values[0], 2), "p99": round(values[0], 2)}
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


def mismatches(floor: Floor, *, visitors: int, no_shows: int, unlucky: int, unheard: int) -> list[str]:
    """Name everything that a person at the far ends would miss."""
    wrong = [f"{ticket}: given or called twice" for ticket in sorted(floor.doubled)]
    wrong += [f"{ticket}: lost, later numbers were called" for ticket in floor.lost]
    if unlucky:
        wrong.append(f"{unlucky} of {visitors} visitors got no number")
    if unheard:
        wrong.append(f"{unheard} visitors wanted to rate, and no keypad took it")
    wrong += [f"{ticket}: shown on the kiosk, no slip" for ticket in floor.shown_numbers if ticket not in floor.slips]
    called = {each.ticket for each in floor.glimpses.values()}
    wrong += [f"{ticket}: printed, never called" for ticket in floor.slips if ticket not in called]
    for each in floor.glimpses.values():
        missing = [
            name
            for name, seen in (
                ("the press", each.pressed_ms),
                ("the board", each.board_ms),
                ("the sign", each.sign_ms),
                ("the voice", each.voice_start_s),
            )
            if seen is None
        ]
        if missing:
            wrong.append(f"{each.ticket} at counter {each.counter}: not seen at {', '.join(missing)}")
    unserved = sum(1 for each in floor.glimpses.values() if not each.served)
    if unserved != no_shows:
        wrong.append(f"{unserved} calls were not served, {no_shows} were to stay away")
    wrong += [
        f"announcement at {each.start_s:.1f} s overlaps another" for each in floor.announcements if each.overlapped
    ]
    return wrong


def summary(floor: Floor, *, visitors: int, errors: Sequence[str]) -> dict[str, Any]:
    glimpses = list(floor.glimpses.values())
    return {
        "visitors": visitors,
        "issued": len(floor.shown_numbers),
        "printed": len(floor.slips),
        "called": len(glimpses),
        "shown_on_board": sum(1 for each in glimpses if each.board_ms is not None),
        "shown_on_sign": sum(1 for each in glimpses if each.sign_ms is not None),
        "spoken": sum(1 for each in glimpses if each.voice_start_s is not None),
        "served": sum(1 for each in glimpses if each.served),
        "rated": sum(1 for each in glimpses if each.rating is not None),
        "errors": list(errors),
        **delays(floor),
    }
