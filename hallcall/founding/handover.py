"""What whoever takes the hall over reads first: its boxes, the first start, who holds what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources
from string import Template
from typing import Final

from broker.authority.issuing import ISSUING_DAYS
from broker.contract.messages import Language, Role, Weekday
from broker.contract.texts import texts
from broker.invitations import GOOD_FOR

from .furnish import PINS, Box, Furnished
from .plan import Plan

PAGES: Final = {"README.md": Language.EN, "README.zh-CN.md": Language.ZH}
WEB_PORT: Final = "8080"
KEEPER: Final = Role.KEEPER.value


def readmes(plan: Plan, made: Furnished, *, now: datetime) -> dict[str, str]:
    """Return the hall's READMEs by name."""
    return {name: _page(name, language, plan, made, now) for name, language in PAGES.items()}


def _page(name: str, language: Language, plan: Plan, made: Furnished, now: datetime) -> str:
    words = texts(language)["founding"]
    page = (resources.files(__package__) / "pages" / name).read_text(encoding="utf-8")
    return Template(page).substitute(
        name=plan.hall.name.zh if language is Language.ZH else plan.hall.name.en,
        hall=plan.hall.id,
        date=f"{now:%Y-%m-%d}",
        dispatcher=plan.hall.dispatcher,
        count=len(made.boxes),
        console=console(plan, made) or words["none"],
        expires=f"{now + GOOD_FOR:%Y-%m-%d}",
        boxes="\n".join(_row(box, language) for box in made.boxes),
        issuing_until=f"{now + timedelta(days=ISSUING_DAYS):%Y-%m-%d}",
    )


def console(plan: Plan, made: Furnished) -> str:
    """Return the console's address; empty where there is none."""
    for box in made.boxes:
        for node in box.nodes:
            if PINS in node.secrets:
                host = plan.hall.dispatcher_host if box.is_dispatcher else box.address.partition("/")[0] or box.box
                pages = node.tables.get("pages")
                listen = str(pages.get("listen", "")) if isinstance(pages, dict) else ""
                return f"http://{host}:{listen.rpartition(':')[2] or WEB_PORT}/console"
    return ""


def _row(box: Box, language: Language) -> str:
    return f"| {box.box} | {address(box, language)} | {runs(box, language)} |"


def address(box: Box, language: Language) -> str:
    return box.address or texts(language)["founding"]["by_dhcp"]


def runs(box: Box, language: Language) -> str:
    """Return what runs on a box, in words; its keeper, which every box has, goes without saying."""
    words = texts(language)["founding"]
    if box.spare:
        return words["a_spare"]
    kinds = [(node.planned_at[-1] if node.planned_at else node.role.value, node.id) for node in box.nodes]
    named = [(words[f"role_{kind}"], "" if node == kind else f" {node}") for kind, node in kinds if kind != KEEPER]
    return words["comma"].join(f"{kind}{node}" for kind, node in named)


def days(names: Sequence[str], language: Language) -> str:
    """Return days of the week in words: consecutive ones as a span."""
    words = texts(language)["founding"]["weekdays"].split()
    order = [day.value for day in Weekday]
    at = sorted(order.index(name) for name in names)
    if len(at) > 2 and at == list(range(at[0], at[-1] + 1)):  # noqa: PLR2004 - two are a pair
        return texts(language)["founding"]["span"].format(first=words[at[0]], last=words[at[-1]])
    return texts(language)["founding"]["comma"].join(words[each] for each in at)
