"""What is told to whoever asks *why*: a ticket's life, its calls, and whom it let go first."""

from dataclasses import dataclass
from typing import Final

from ..contract.messages import Outcome
from ..hall.life import CALLED, ENDED, HELD, ISSUED, MISSED, SERVING, VOID, WAITING
from .reasons import call_sentences, pass_sentences
from .steps import promise, promise_range, step
from .why import Account
from .words import Words

_MINUTE_S: Final = 60
_ENDED_WITH_ADVICE: Final = frozenset({Outcome.CANCELLED, Outcome.BY_HAND, Outcome.CLOSED_UNSERVED})


@dataclass(frozen=True, kw_only=True)
class Section:
    heading: str
    lines: tuple[str, ...]


def sections(account: Account, words: Words) -> tuple[Section, ...]:
    """Return the whole answer: first what happened and what stands now, then who went first."""
    told = [*_life(account, words), *_wait(account, words), *what_stands(account, words)]
    first = who_went_first(account, words)
    answer = (Section(heading=title(account, words), lines=tuple(told)), first)
    return answer if account.passes or account.earlier_called or _waits(account) else answer[:1]


def _waits(account: Account) -> bool:
    return account.state in {ISSUED, WAITING}


def title(account: Account, words: Words) -> str:
    service, priority = words.service(account.service), words.priority(account.priority_class)
    return words.say("title", ticket=account.ticket, service=service, priority_class=priority)


def who_went_first(account: Account, words: Words, *, at_most: int | None = None) -> Section:
    """Return whom it let go first, the last `at_most` of them, and what the bound says to it."""
    left_out = max(len(account.passes) - at_most, 0) if at_most is not None else 0
    lines = [words.say("over_earlier", count=left_out)] if left_out else []
    lines += [pass_sentences(each, words) for each in account.passes[left_out:]] or [words.say("nobody_later")]
    if account.overtaken or account.overtaken_exempt:
        total = words.say(
            "overtaken",
            times=words.times(account.overtaken + account.overtaken_exempt),
            bound=account.overtaken,
            exempt=account.overtaken_exempt,
        )
        lines.append(words.together(total, _bound(account, words)))
    if account.earlier_called:
        lines.append(words.say("earlier_called", count=account.earlier_called))
    return Section(heading=words.say("why_not_me" if _waits(account) else "why_so_late"), lines=tuple(lines))


def _bound(account: Account, words: Words) -> str:
    times, minutes = account.hall.policy.overtaken_times, account.hall.policy.overtaken_min
    span = words.span(round((minutes or 0) * _MINUTE_S))
    if times is not None and minutes is not None:
        return words.say("bound_both", times=words.times(times), span=span)
    if times is not None:
        return words.say("bound_times", times=words.times(times))
    return words.say("bound_min", span=span) if minutes is not None else words.say("bound_none")


# What happened --------------------------------------------------------------------------------------------------------


def _life(account: Account, words: Words) -> list[str]:
    calls = {each.seq: each for each in account.calls}
    lines = [
        call_sentences(calls[recorded.seq], words) if recorded.seq in calls else step(recorded, words)
        for recorded in account.life
    ]
    return [each for each in lines if each]


def _was_called(account: Account) -> bool:
    return any(each.undone_at is None for each in account.calls)


def _wait(account: Account, words: Words) -> list[str]:
    """Return the wait to the first call beside the promise."""
    if not _was_called(account):
        return []
    issued, waited = account.issued, words.span(account.waited_s)
    low, high = issued.wait_low_min, issued.wait_high_min
    if low is None or not high:
        return [words.say("wait_unpromised", waited=waited)]
    if account.waited_s < low * _MINUTE_S:
        key = "wait_shorter"
    else:
        key = "wait_kept" if account.waited_s <= high * _MINUTE_S else "wait_longer"
    return [words.say(key, waited=waited, promise=promise_range(low, high, words))]


# What stands now ------------------------------------------------------------------------------------------------------


def what_stands(account: Account, words: Words) -> list[str]:
    """Return where the ticket stands, and what its customer can do."""
    state, counter = account.state, account.counter
    if state is WAITING:
        return _waiting(account, words)
    if state is ISSUED and account.callable_at is not None:
        return [words.say("do_issued", time=words.clock(account.callable_at))]
    if state is CALLED:
        return [words.say("do_called", counter=counter)]
    if state is SERVING:
        return [words.say("do_serving", counter=counter)]
    if state is HELD and account.hold is not None and account.held_until is not None:
        hold = words.say(f"hold_{account.hold.value}")
        return [words.say("do_held", counter=counter, hold=hold, time=words.clock(account.held_until))]
    if state is MISSED:
        return [_missed(account, words)]
    if state is VOID:
        return [words.say("do_void")]
    if state is ENDED and account.outcome in _ENDED_WITH_ADVICE:
        return [words.say(f"do_{account.outcome.value}")]
    return []


def _waiting(account: Account, words: Words) -> list[str]:
    waited = words.span(account.age_s)
    if _was_called(account):  # the promise was about its first call
        waits = words.say("waits_again", ticket=account.ticket, waited=waited)
    else:
        waits = words.say("waits", ticket=account.ticket, waited=waited, promise=promise(account.issued, words))
    ahead = words.say("line_ahead", count=account.line_ahead) if account.line_ahead else words.say("line_first")
    counters, at_work = words.numbers(account.counters), words.numbers(account.at_work)
    if not account.counters:
        where = words.say("counters_none")
    elif not account.at_work:
        where = words.say("counters_away", counters=counters)
    else:
        where = words.say("counters", counters=counters, at_work=at_work)
    return [waits, ahead, where]


def _missed(account: Account, words: Words) -> str:
    back = account.way_back
    if back is None or (not back.calls and back.until < account.as_of):
        return words.say("do_missed_late")
    service = words.service(account.service)
    return words.say("do_missed", calls=back.calls, service=service, time=words.clock(back.until))
