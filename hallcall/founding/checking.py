"""Is a plan a hall that can run? Its files are made and read as the hall will; what is wrong there is the plan's."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from broker.config import FILE_OF_ROLE, BrokenConfig, disagreements, load_hall, load_node
from broker.contract.messages import Hall
from broker.strict_toml import named

from .cards import hall_text
from .furnish import Furnished, Node, furnished
from .named_files import FileMissing, on_laptop
from .plan import Plan, read_plan
from .toml_text import toml_text

_PLACE = re.compile(r"^[^\n]*?:\d+: ")


def checked_plan(path: Path) -> tuple[Plan, Furnished]:
    """Read a plan and try it out. Raises BrokenConfig, whose text is every error, one a line."""
    plan = read_plan(path)
    made = furnished(plan, codes=dict.fromkeys(range(1, 96), "a code that is drawn later"))
    wrong = [f"{path}:{line}" for line in _wrong(plan, made)]
    if wrong:
        raise BrokenConfig("\n".join(wrong))
    return plan, made


def _wrong(plan: Plan, made: Furnished) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="hallcall-plan-") as directory:
        scratch = Path(directory)
        hall_file = scratch / "hall.toml"
        hall_file.write_text(hall_text(made), encoding="utf-8")
        hall: Hall | None = None
        try:
            hall = load_hall(hall_file)
        except BrokenConfig as error:
            yield from (_in_plan(plan, line) for line in str(error).splitlines())
        for node in (node for box in made.boxes for node in box.nodes):
            yield from _wrong_node(plan, node, scratch, hall)


def _wrong_node(plan: Plan, node: Node, scratch: Path, hall: Hall | None) -> Iterator[str]:
    line, where = plan.file.line(node.planned_at), named(node.planned_at) or node.id
    file = scratch / f"{node.id}.toml"
    try:
        file.write_text(toml_text(on_laptop(node, plan.file.path.parent)), encoding="utf-8")
        load_node(file, FILE_OF_ROLE[node.role])
        found = disagreements(file, hall) if hall is not None else []
    except (BrokenConfig, FileMissing) as error:
        found = str(error).splitlines()
    for each in found:
        yield f"{line}: {where}.{_PLACE.sub('', each)}"


def _in_plan(plan: Plan, line: str) -> str:
    """Return an error of the hall's file as one of the plan: by name, for its lines are others."""
    text = _PLACE.sub("", line)
    key = text.partition("[")[0].partition(".")[0].partition(":")[0]
    return f"{plan.file.line((key,))}: {text}"
