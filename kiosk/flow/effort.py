"""How a customer fares who has no number yet: since when, and how often the way led back. Pure."""

from dataclasses import dataclass, replace

from .pages import Classes, Confirm, Home, Missed, Needs, Returning, Screen

Page = tuple[str, ...]  # what a customer takes for one and the same page


@dataclass(frozen=True, kw_only=True)
class Patience:
    """When a customer counts as struggling; 0 turns that sign off. `offers`: the screen asks whether help is wanted."""

    after_s: float = 90.0
    turns: int = 4
    offers: bool = False


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Of one customer, from the first touch that led somewhere."""

    began_s: float | None = None
    turns: int = 0  # ways back to a page that was seen before
    pages: frozenset[Page] = frozenset()
    struggles: bool = False


def page_of(screen: Screen) -> Page:
    """Return which page a screen is; one that is part of another page counts as that."""
    match screen:
        case Home(shelf=shelf, page=page):
            return "services", str(shelf), str(page)
        case Confirm(service=service) | Needs(service=service) | Classes(service=str(service)):
            return "confirm", service
        case Classes():
            return page_of(Home())
        case Missed() | Returning():
            return ("missed",)
        case _:
            return (type(screen).__name__,)


def moved(effort: Effort, *, seen: Screen, shown: Screen, now_s: float) -> Effort:
    """Return the effort after a touch that led from one screen to another, or left it."""
    before, after = page_of(seen), page_of(shown)
    return replace(
        effort,
        began_s=now_s if effort.began_s is None else effort.began_s,
        turns=effort.turns + (before != after and after in effort.pages),
        pages=effort.pages | {before, after},
    )


def is_too_much(effort: Effort, patience: Patience, *, now_s: float, in_haste: bool) -> bool:
    """Return whether it went on for too long; whoever is not `in_haste`, working by ear, has all the time."""
    due_s = too_long_at_s(effort, patience) if in_haste else None
    went_back = bool(patience.turns) and effort.turns >= patience.turns
    return went_back or (due_s is not None and now_s >= due_s)


def too_long_at_s(effort: Effort, patience: Patience) -> float | None:
    return effort.began_s + patience.after_s if effort.began_s is not None and patience.after_s else None
