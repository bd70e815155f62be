"""`hallcall order`: one command of the hall's language, sent under a supervisor's login, as on the dispatcher's box.

`hallcall order MarkServedByHand up_to=A057`; elsewhere with --config desk.toml, the supervisor's file.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec

from broker.config import BrokenConfig, SupervisorFile, load_node
from broker.contract.messages import (
    AnyAnswer,
    AnyCommand,
    Command,
    ConfigureHall,
    Elapsed,
    Language,
    OpenDay,
    ReadEvents,
    Refused,
    ReportDeviceTest,
    ReportSlip,
)
from broker.contract.texts import texts
from broker.fields import shape

from .desk import Desk, HallAway, NoLogin, supervisor_here
from .doctor.here import language_of

NOT_HERE: Final = (OpenDay, ConfigureHall, Elapsed, ReadEvents, ReportDeviceTest, ReportSlip)  # those of programs
COMMANDS: Final[dict[str, type[Command]]] = {
    kind.__name__: kind for kind in get_args(AnyCommand) if kind not in NOT_HERE
}
OWN_FIELDS: Final = ("id", "age_ms", "seen")  # filled in here


class BadOrder(ValueError):
    """An order that is not in the hall's language; its text says what to write."""


def parsed(name: str, pairs: Sequence[str]) -> Command:
    """Return the command that was typed, without its id. Raises BadOrder."""
    kind = COMMANDS.get(name)
    if kind is None:
        raise BadOrder(f"no such command: {name}; `hallcall order --list` shows them")
    lists = {field.name for field in msgspec.structs.fields(kind) if isinstance(field.default, tuple)}
    values: dict[str, object] = {}
    for pair in pairs:
        key, found, value = pair.partition("=")
        if not found or key in OWN_FIELDS:
            raise BadOrder(f"{pair}: write FIELD=VALUE; {name} has {_fields(kind)}")
        values[key] = value.split(",") if key in lists else value
    try:
        command: Command = msgspec.convert({"type": name, "id": "typed", **values}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadOrder(f"{name}: {error}; it has {_fields(kind)}") from error
    return command


def _fields(kind: type[Command]) -> str:
    fields = [field for field in msgspec.structs.fields(kind) if field.name not in OWN_FIELDS]
    return ", ".join(_field(field) if field.required else f"[{_field(field)}]" for field in fields) or "no fields"


def _field(field: msgspec.structs.FieldInfo) -> str:
    """Return a field's name, and what it may be where that is one of a few."""
    choices = shape(field.type).choices
    return f"{field.name}={'|'.join(choices)}" if choices else field.name


def in_words(answer: AnyAnswer, language: str) -> str:
    """Return an answer as a sentence, or as what it says."""
    if isinstance(answer, Refused):
        wording = texts(Language(language))["refusal"]
        text = wording.get(answer.reason, wording["other"]).format_map(_Named(answer.args))
        return f"{text} ({answer.reason})"
    said = msgspec.to_builtins(answer)
    return " ".join(f"{key}={value}" for key, value in said.items() if key not in {"id", "epoch", "seq"})


class _Named(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


async def carry_out(file: SupervisorFile, command: Command) -> AnyAnswer:
    """Send a command and return what the hall says. Raises HallAway."""
    async with Desk(file) as desk:
        return await desk.ask(command)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="hallcall order", description=__doc__)
    parser.add_argument("--config", type=Path, help="the supervisor's node file; left out: this box's")
    parser.add_argument("--list", action="store_true", help="show all commands with their fields")
    parser.add_argument("--lang", choices=("zh", "en"), default=language_of().value, help="language of refusals")
    parser.add_argument("command", nargs="?", help="such as MarkServedByHand")
    parser.add_argument("fields", metavar="FIELD=VALUE", nargs="*")
    options = parser.parse_args(argv)
    say = sys.stdout.write
    if options.list:
        for name, kind in sorted(COMMANDS.items()):
            say(f"{name} {_fields(kind)}\n    {(kind.__doc__ or '').splitlines()[0]}\n")
        return 0
    if options.command is None:
        parser.error("give a COMMAND, or --list")
    try:
        command = parsed(options.command, options.fields)
        answer = asyncio.run(carry_out(load_node(options.config or supervisor_here(), SupervisorFile), command))
    except (BadOrder, BrokenConfig, HallAway, NoLogin) as error:
        sys.stderr.write(f"hallcall order: {error}\n")
        return 2
    say(f"{in_words(answer, options.lang)}\n" if isinstance(answer, Refused) else f"done {in_words(answer, 'en')}\n")
    return int(isinstance(answer, Refused))
