"""The nodes of this box, as box.toml and the files beside it say: those that can run, and what ails the others."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.box_file import load_box
from broker.config import NodeFile, SupervisorFile, load_any
from broker.strict_toml import BrokenConfig

from .devices import Needs, needs, unit_of

PLACE: Final = Path("/etc/hallcall")


@dataclass(frozen=True, kw_only=True)
class BoxNode:
    """A node of this box whose file is good."""

    file: NodeFile
    needs: Needs

    @property
    def unit(self) -> str:
        return unit_of(self.file)


def nodes_of(place: Path = PLACE) -> tuple[list[BoxNode], list[str]]:
    """Return the nodes that can run here, and what is wrong with the files of the others. Raises BrokenConfig."""
    good, wrong = [], []
    for node in load_box(place / "box.toml").nodes:
        try:
            file = _file(node, place / "nodes" / f"{node}.toml")
            if not isinstance(file, SupervisorFile):  # a login for people; nothing runs
                good.append(BoxNode(file=file, needs=needs(file)))
        except BrokenConfig as error:
            wrong.append(str(error))
    return good, wrong


def units_of(place: Path = PLACE) -> list[str]:
    """Return the units that are to run here. Where a node's file is wrong its id stands for one that cannot be.

    Raises BrokenConfig.
    """
    return [unit for node in load_box(place / "box.toml").nodes if (unit := _unit(node, place))]


def _unit(node: str, place: Path) -> str:
    """Return a node's unit; nothing for a login for people."""
    try:
        file = _file(node, place / "nodes" / f"{node}.toml")
    except BrokenConfig:
        return node
    return "" if isinstance(file, SupervisorFile) else unit_of(file)


def _file(node: str, path: Path) -> NodeFile:
    file = load_any(path)
    if not isinstance(file, NodeFile):
        raise BrokenConfig(f"{path}: no node's file; a node file begins with node = ")
    if file.node != node:
        raise BrokenConfig(f'{path}: node = "{file.node}"; the file of {node} must say {node}')
    return file
