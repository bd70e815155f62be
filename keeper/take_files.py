"""`python -m keeper.take_files`, as root by hallcall-files@.service: takes the files that the technician has changed.

They come from the registrar, known by the hall's root, and not from the keeper that noticed. Nodes whose files changed
start anew; of hall.toml the dispatcher is told. The note of what was taken is written last, so a cut is done again.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from broker.box_file import BoxFile, load_box
from broker.contract.messages import Role
from broker.invitations import BOX_FILE, HALL_FILE, ROOT_FILE
from broker.joining.asking import NotAnswered, Refused, Registrar
from broker.joining.words import PORT, FilesTold
from broker.strict_toml import BrokenConfig
from broker.whole_files import replace_file

from .card import FILE_MODE, FOLDER_MODE
from .devices import role_of
from .joining import HERE, REGISTRAR_NODE
from .node_files import PLACE, nodes_of
from .papers import TLS
from .put_files import NOTE, NotForHere, Taken, check, news, sums, taken
from .systemd import SystemdRefused, systemctl

log = logging.getLogger(__name__)

NODES_UNIT: Final = "hallcall-nodes.service"


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m keeper.take_files", description="Takes changed files.")
    options.add_argument("--place", type=Path, default=PLACE, help="where box.toml and nodes/ are")
    options.add_argument("--tls", type=Path, default=TLS, help="where the nodes' certificates are; they are only read")
    options.add_argument("--port", type=int, default=PORT, help="the registrar's")
    options.add_argument("--only-write", action="store_true", help="leave systemd alone")
    asked = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        box = load_box(asked.place / BOX_FILE)
        told = registrar(box, asked.tls, port=asked.port).read("/files", FilesTold)
        take(told, box, asked.place, take_up=(lambda *_: None) if asked.only_write else take_up)
    except (BrokenConfig, NotAnswered, NotForHere, Refused, SystemdRefused, OSError) as error:
        log.critical("the box's files were not changed: %s", error)
        return 1
    return 0


def registrar(box: BoxFile, tls: Path, *, port: int) -> Registrar:
    """Return where to ask, as the box's keeper."""
    return Registrar(
        host=HERE if REGISTRAR_NODE in box.nodes else box.dispatcher,
        root=tls / ROOT_FILE,
        certificate=tls / f"{box.keeper}.crt",
        key=tls / f"{box.keeper}.key",
        port=port,
    )


def take(told: FilesTold, box: BoxFile, place: Path, *, take_up: Callable[[Collection[str], Path], None]) -> None:
    """Write what was put since the last time, and have it taken up. Raises NotForHere, BrokenConfig, OSError."""
    before = taken(place)
    if told.mark == before.mark:
        return
    check(told.files, box)
    changed = write(news(told.files, before), place)
    if changed:
        log.info("changed: %s", ", ".join(changed))
        take_up(changed, place)
    note = Taken(mark=told.mark, files=sums(told.files))
    replace_file(place / NOTE, msgspec.json.encode(note), mode=FILE_MODE)


def write(files: Mapping[str, bytes], place: Path) -> list[str]:
    """Write files that differ from those there; return their names."""
    changed = []
    for name, content in sorted(files.items()):
        path = place / name
        if path.exists() and path.read_bytes() == content:
            continue
        for folder in reversed([each for each in path.parents if each != place and place in each.parents]):
            folder.mkdir(exist_ok=True)
            folder.chmod(FOLDER_MODE)
        replace_file(path, content, mode=FILE_MODE)
        changed.append(name)
    return changed


def take_up(changed: Collection[str], place: Path) -> None:
    """Let the nodes whose files changed start anew, and the dispatcher read hall.toml. Raises SystemdRefused."""
    if set(changed) != {str(HALL_FILE)}:
        systemctl("reload", NODES_UNIT)
    good, wrong = nodes_of(place)
    for text in wrong:
        log.error("%s", text)
    for node in good:
        if role_of(node.file) is Role.DISPATCHER and str(HALL_FILE) in changed:
            systemctl("reload", node.unit)
        elif names(place / "nodes" / f"{node.file.node}.toml", changed):
            systemctl("try-restart", "--no-block", node.unit)


def names(file: Path, changed: Collection[str]) -> bool:
    """Tell whether a node's file changed, or it names one that did."""
    text = file.read_text(encoding="utf-8")
    return any(each == f"nodes/{file.name}" or f'nodes/{each.removeprefix("nodes/")}"' in text for each in changed)


if __name__ == "__main__":
    sys.exit(main())
