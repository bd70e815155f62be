"""What `decide` returns, and refusals."""

from msgspec import Struct

from ..contract.messages import AnyAnswer, AnyEvent, Command, Done, Refused


class Decision(Struct, frozen=True, gc=False):
    answer: AnyAnswer
    events: tuple[AnyEvent, ...] = ()


def refused(command: Command, reason: str, **args: str | int) -> Decision:
    return Decision(Refused(id=command.id, reason=reason, args=args))


def done(command: Command, *events: AnyEvent) -> Decision:
    return Decision(Done(id=command.id), events)
