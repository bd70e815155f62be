"""`hallcall docs`: pages of docs/ that are generated, and the picture between two marks in the READMEs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from broker.contract.messages import Language

from .pages import ailments, configuration, contract, visit

BEGIN: Final = "<!-- life: begin -->"
END: Final = "<!-- life: end -->"
READMES: Final = {"README.md": Language.EN, "README.zh-CN.md": Language.ZH}


class NoMarks(ValueError):
    """A README has no place for the picture: put the two marks back, each on a line of its own."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall docs", description="Write the generated pages of docs/ anew.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; say which pages are stale, and end with 1"
    )
    parser.add_argument("--directory", type=Path, default=Path("docs"), help="default: docs; READMEs lie beside it")
    options = parser.parse_args(arguments)
    try:
        pages = _pages(options.directory)
    except NoMarks as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    stale = [path for path, text in pages.items() if _read(path) != text]
    for path in stale:
        if options.check:
            print(f"{path} is stale; run: .venv/bin/python -m hallcall docs", file=sys.stderr)  # noqa: T201
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pages[path], encoding="utf-8")
    return int(options.check and bool(stale))


def _pages(directory: Path) -> dict[Path, str]:
    """Return each file that is generated, or has a part that is, with what must stand in it."""
    pages = {
        directory / "messages.md": contract.page(),
        directory / "configuration.md": configuration.page(),
        directory / "visit.md": visit.page(),
        directory / "doctor.md": ailments.page(Language.EN),
        directory / "doctor.zh-CN.md": ailments.page(Language.ZH),
    }
    for name, language in READMES.items():
        path = directory.parent / name
        if path.exists():
            pages[path] = _with_picture(path, "\n".join(visit.picture(language)))
    return pages


def _with_picture(path: Path, picture: str) -> str:
    before, begin, rest = _read(path).partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoMarks(f"{path}: {BEGIN} and {END} are not both there; put them back, each on a line of its own")
    return f"{before}{BEGIN}\n{picture}\n{END}{after}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
