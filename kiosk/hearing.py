"""The kiosk for those who hear it: what can be done on a screen, in which order, and what is said when. Pure.

What can be done is what is drawn: the keys of the screen's own picture, by their names. So nothing that can be touched
is out of reach of the tactile keys, and nothing else is within it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from broker.contract.messages import Language, Service
from broker.contract.texts import texts

from . import flow
from .narration import opening, wait
from .screens.layout import Scene
from .screens.scene import picture
from .screens.shapes import Key

FIRST: Final = ("service", "group", "shelf", "take", "class", "need", "letters", "digit")  # what the screen is for
LAST: Final = ("back", "home", "language")  # the other language stands before the first: speech begins with it
TOGGLES: Final = ("class", "need", "courtesy")


@dataclass(frozen=True, kw_only=True)
class Sentence:
    language: Language
    text: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One thing that can be done: the key's name, and its words."""

    key: str
    said: Sentence


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A screen, for the ears."""

    opening: tuple[Sentence, ...]
    offers: tuple[Offer, ...]

    def of(self, key: str | None) -> tuple[Sentence, ...]:
        return tuple(each.said for each in self.offers if each.key == key)


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """What is to be said; `cuts` means that whatever is being said ends at once."""

    sentences: tuple[Sentence, ...]
    cuts: bool


def offered(keys: Sequence[Key]) -> tuple[str, ...]:
    """Return the names of a picture's keys in the order of the tactile keys: what the screen is for, ways out last."""
    order = sorted(keys, key=lambda each: (_rank(each.name), round(each.area.y), each.area.x))
    return tuple(dict.fromkeys(each.name for each in order))


def heard(scene: Scene) -> Heard:
    """Return a screen as it is heard: in the customer's language, or the hall's first."""
    spoken = replace(scene, kiosk=replace(scene.kiosk, language=scene.kiosk.ticket_language))
    drawn = picture(spoken)
    by_name = {each.name: each for each in reversed(drawn.keys)}
    return Heard(
        opening=tuple(Sentence(language=spoken.speech.first, text=each) for each in opening(spoken, drawn)),
        offers=tuple(Offer(key=name, said=_words(spoken, by_name[name])) for name in offered(drawn.keys)),
    )


def told(before: flow.Kiosk, after: flow.Kiosk, hear: Callable[[flow.Kiosk], Heard]) -> Utterance | None:
    """Return what is said when one state follows another; None: nothing, and what is being said goes on."""
    if not after.listening:
        return _farewell(before, after) if before.listening else None
    now = hear(after)
    if not before.listening:
        return Utterance(sentences=(*_welcome(after), *now.opening), cuts=True)
    was, pressed = hear(before), after.presses != before.presses
    said = _news(before, after, was, now)
    if after.focus != before.focus or now.of(after.focus) != was.of(before.focus):
        said += now.of(after.focus)
    if after.volume != before.volume:
        said += (_sentence(after, "volume", volume=after.volume + 1),)
    if not said and pressed:  # *repeat*, or a key that leads nowhere
        said = now.opening + now.of(after.focus)
    asks = (after.asking, after.offering) != (before.asking, before.offering)
    cuts = pressed or type(after.screen) is not type(before.screen) or asks
    return Utterance(sentences=said, cuts=cuts) if said or cuts else None


def always_said() -> tuple[Sentence, ...]:
    """Return what every customer hears, to be made in time."""
    return tuple(
        Sentence(language=language, text=texts(language)["hearing"][key])
        for language in Language
        for key in ("welcome", "keys", "switch", "leave")
    )


def _rank(name: str) -> int:
    kind = name.partition(":")[0]
    return 0 if kind in FIRST else 2 + LAST.index(kind) if kind in LAST else 1


def _words(scene: Scene, key: Key) -> Sentence:
    """Return a key's words; a service with its wait, a language in itself, a choice with whether it is made."""
    kind, _, argument = key.name.partition(":")
    first = scene.speech.first
    said = key.said[0]
    if kind == "service":
        service = scene.kiosk.service(argument)
        said = _service(scene, service) if service is not None else said
    elif kind == "take":
        said = scene.speech.both("take")[0]
    elif kind == "language":
        first = Language(argument)
    if kind in TOGGLES:
        said = texts(first)["hearing"]["chosen" if key.chosen else "unchosen"].format(label=said)
    return Sentence(language=first, text=said)


def _service(scene: Scene, service: Service) -> str:
    first = scene.speech.first
    name = scene.speech.of_text(service.name)[0]
    return texts(first)["hearing"]["between"].join((name, wait(scene.kiosk.queue(service.id), first)))


def _news(before: flow.Kiosk, after: flow.Kiosk, was: Heard, now: Heard) -> tuple[Sentence, ...]:
    """Return what a screen says anew; of one that stays, only what has changed."""
    marks = [
        ((each.screen, each.noted_s is None), each.asking, each.offering, each.language) for each in (before, after)
    ]
    if marks[0] == marks[1]:
        return ()
    if type(after.screen) is not type(before.screen) or marks[0][1:] != marks[1][1:]:
        return now.opening
    return tuple(each for each in now.opening if each not in was.opening) or now.opening


def _welcome(kiosk: flow.Kiosk) -> tuple[Sentence, ...]:
    """Return how the keys are used, and, in the other language, how to hear that one."""
    other = Language.ZH if kiosk.ticket_language is Language.EN else Language.EN
    switch = (Sentence(language=other, text=texts(other)["hearing"]["switch"]),)
    return (_sentence(kiosk, "welcome"), *(switch if kiosk.focus is not None else ()), _sentence(kiosk, "keys"))


def _farewell(before: flow.Kiosk, after: flow.Kiosk) -> Utterance:
    """Return the last words when the screen went home; a headset that was pulled out hears none."""
    went_home = before.screen != after.screen or before.asking
    return Utterance(sentences=(_sentence(before, "leave"),) if went_home else (), cuts=True)


def _sentence(kiosk: flow.Kiosk, key: str, **arguments: int) -> Sentence:
    language = kiosk.ticket_language
    return Sentence(language=language, text=texts(language)["hearing"][key].format(**arguments))
