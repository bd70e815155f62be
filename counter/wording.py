"""What signs say, in the installer's words or the hall's usual ones. Pure.

Each is several texts, the best first: a sign shows the first that it can show whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from broker.contract.messages import NO_TICKET, CounterState, CounterView, Language
from broker.contract.texts import texts
from broker.sign_file import SignTexts

Texts = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wording:
    idle: Texts
    called: Texts
    serving: Texts
    paused: Texts
    closed: Texts
    row: Texts
    evacuation: Texts

    def at_window(self, view: CounterView) -> Texts:
        """Return what a window's sign may say."""
        forms = {
            CounterState.IDLE: self.idle,
            CounterState.CALLED: self.called,
            CounterState.SERVING: self.serving,
            CounterState.PAUSED: self.paused,
            CounterState.CLOSED: self.closed,
        }[view.state]
        if view.state is CounterState.SERVING and view.ticket == NO_TICKET:
            return ("",)
        return tuple(form.format(counter=view.counter, ticket=view.ticket or "") for form in forms)


def wording(language: Language, own: SignTexts | None = None) -> Wording:
    """Return the usual words of a language below the installer's `own`."""
    usual = texts(language)["sign"]

    def forms(key: str) -> Texts:
        stated: Texts | None = getattr(own, key) if own is not None else None
        return tuple(usual[key].split("|")) if stated is None else stated

    return Wording(**{key: forms(key) for key in Wording.__dataclass_fields__})


def fitting(candidates: Sequence[str], shows: Callable[[str], bool]) -> str:
    """Return the first text that a sign can show whole; the first of all when there is none."""
    return next((text for text in candidates if shows(text)), candidates[0])
