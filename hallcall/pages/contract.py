"""docs/messages.md: the contract, from the table of topics and the messages themselves."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, get_args

import msgspec
from msgspec import Struct

from broker.contract import messages, wire
from broker.fields import shape

from .senders import senders
from .tables import NOTE, default, paragraphs, plain, row

_COMMENT: Final = re.compile(r"^    (\w+):[^#\n]*#\s*(.+)$", re.MULTILINE)


def page() -> str:
    """Return docs/messages.md."""
    recorded = messages.Recorded, messages.Presence, messages.BoxLog, messages.Release
    bases: tuple[type[Struct], ...] = (messages.Command, messages.Answer, messages.Event, messages.View)
    unions = messages.AnyCommand, messages.AnyAnswer, messages.AnyEvent, messages.AnyView
    lines = ["# Messages", NOTE, "", *paragraphs(wire), "", "MQTT 5, QoS 1. The payload is JSON.", "", *_topics()]
    for base, union in zip(bases, unions, strict=True):
        lines += ["", f"## {base.__name__}s", "", *paragraphs(base), "", f"In each: {_names(base)}.", *_fields(base)]
        for kind in get_args(union):
            lines += _message(kind, without=base.__struct_fields__)
    lines += ["", "## Around them"]
    for kind in recorded:
        lines += _message(kind)
    lines += ["", "## Parts", "", "What messages are made of."]
    parts = _parts([*recorded, *(kind for union in unions for kind in get_args(union))])
    for kind in sorted(parts, key=lambda kind: kind.__name__):
        lines += _message(kind)
    return "\n".join([*lines, ""])


def _names(base: type[Struct]) -> str:
    return ", ".join(
        ["`type`, the message's name", *(f"`{field.encode_name}`" for field in msgspec.structs.fields(base))]
    )


def _topics() -> Iterator[str]:
    yield "| topic | from | to | retained | messages | what |"
    yield "|---|---|---|---|---|---|"
    for channel in wire.CHANNELS:
        kept = f"for {channel.expiry_s} s" if channel.expiry_s else "yes" if channel.retained else "no"
        kinds = get_args(channel.carries) or (channel.carries,)
        yield row(
            f"`{channel.pattern.format('<node>' if channel.own else '<name>')}`",
            ", ".join(role.value for role in channel.writers),
            ", ".join(role.value for role in channel.readers),
            kept,
            ", ".join(_link(kind) for kind in kinds if isinstance(kind, type)),
            channel.what,
        )
    yield ""
    yield f"Every topic begins with `{wire.ROOT}/<hall>/`. Of the `<node>` topics a node has its own, and reads the"
    yield "dispatcher's presence; the dispatcher and nodes of role watch read them all, supervisors and the registrar"
    yield "each presence and log."


def _message(kind: type[Struct], *, without: Sequence[str] = ()) -> Iterator[str]:
    yield from ("", f"### {kind.__name__}")
    if kind.__doc__:
        yield from ("", *paragraphs(kind))
    if issubclass(kind, messages.Command):
        deadline = kind.DEADLINE_MS
        too_old = "never too old" if deadline is None else f"refused when older than {deadline / 1000:g} s"
        yield from ("", f"From: {', '.join(role.value for role in senders(kind))}. Deadline: {too_old}.")
    yield from _fields(kind, without=without)


def _fields(kind: type[Struct], *, without: Sequence[str] = ()) -> Iterator[str]:
    comments = _comments(kind)
    rows = [field for field in msgspec.structs.fields(kind) if field.name not in without]
    if not rows:
        return
    yield from ("", "| field | type | default | what |", "|---|---|---|---|")
    for field in rows:
        wanted = shape(field.type)
        what = comments.get(field.name) or wanted.description
        yield row(f"`{field.encode_name}`", _type(field.type), default(field), what)


def _comments(kind: type[Struct]) -> dict[str, str]:
    """Return what stands behind fields in the source, those of base classes too."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if each.__module__.startswith(messages.__name__):
            found.update(_COMMENT.findall(inspect.getsource(each)))
    return found


def _parts(kinds: Iterable[type[Struct]], seen: frozenset[type[Struct]] = frozenset()) -> set[type[Struct]]:
    found: set[type[Struct]] = set()
    for kind in kinds:
        for field in msgspec.structs.fields(kind):
            inner = shape(field.type)
            part = (shape(inner.item) if inner.item is not None else inner).structure
            if part is not None and part not in found | seen:
                found |= {part} | _parts([part], seen | found | {part})
    return found - {messages.Recorded, messages.Presence, messages.BoxLog, messages.Release}


def _type(annotation: object) -> str:
    wanted = shape(annotation)
    if wanted.item is not None:
        return f"list of {_type(wanted.item)}"
    if wanted.structure is not None:
        return _link(wanted.structure) + (" or null" if wanted.optional else "")
    members = get_args(wanted.core)
    if members and all(isinstance(member, type) and issubclass(member, Struct) for member in members):
        return "one of the events"
    return plain(wanted) + (" or null" if wanted.optional else "")


def _link(kind: type[object]) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})"
