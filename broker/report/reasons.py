"""A call in a sentence: which rule chose it, against whom, and at whose cost."""

from typing import Final

from ..contract.messages import Passed, Score
from .calls import OUT_OF_LINE, Call
from .why import Pass
from .words import Words

_ON_REQUEST: Final = frozenset({"by_number", "resume"})  # a clerk asked for this very ticket
_PASSED: Final = 4  # named in a sentence
_MINUTE_S: Final = 60


def call_sentences(call: Call, words: Words) -> str:
    """Return why a ticket was called, and what else there is to say of its call."""
    called = call.called
    said = words.say(
        "called",
        ticket=called.ticket,
        counter=called.counter,
        time=words.clock(call.at),
        reason=reason(call, words),
    )
    how = "" if called.rule in _ON_REQUEST else words.say("pushed" if called.pushed else "asked")
    over = words.say("passed", list=_over(called.passed, words)) if called.passed else ""
    exempt = words.say("exempt") if called.exempt and called.passed else ""
    breach = _breach(call, words) if called.breach else ""
    return words.together(said, how, over, exempt, breach)


def _breach(call: Call, words: Words) -> str:
    beyond = [
        each.ticket
        for each in call.called.passed
        if (call.bound_times is not None and each.times + each.exempt > call.bound_times)
        or (call.bound_min is not None and each.earlier_s > call.bound_min * _MINUTE_S)
    ]
    return words.say("breach_of", list=words.listed(beyond)) if beyond else words.say("breach")


def _over(passed: tuple[Passed, ...], words: Words) -> str:
    """Return the first of those who were passed over, the earliest first."""
    earliest = sorted(passed, key=lambda each: -each.earlier_s)[:_PASSED]
    return words.in_parts(
        words.say(
            "passed_one",
            other=_named(each, words),
            earlier=words.span(each.earlier_s),
            times=words.times(each.times + each.exempt),
        )
        for each in earliest
    )


def _named(each: Score | Passed, words: Words) -> str:
    return words.say("with_class", ticket=each.ticket, priority_class=words.priority(each.priority_class))


def reason(call: Call, words: Words) -> str:
    """Return why this ticket and no other, as the end of a sentence."""
    called, own = call.called, call.called.scores[:1]
    if called.rule in OUT_OF_LINE or called.rule == "bound" or call.rule is not None or not own:
        return _by_itself(call, words)
    others = called.scores[1:]
    if not others:
        return words.say("because_in_line" if call.behind else "because_alone")
    aside = [each for each in others if each.ticket in call.aside]
    compared = [each for each in others if each.ticket not in call.aside]
    if not compared:
        return words.listed(_aside(call, each, words) for each in aside)
    asked_about = [each for each in aside if _seems_first(called.rule, each, own[0])]
    return words.listed(
        [_compared(call, own[0], compared, words), *(_aside(call, each, words) for each in asked_about)]
    )


def _seems_first(rule: str, other: Score, own: Score) -> bool:
    """Tell whether somebody would ask why this one was not called instead."""
    if rule in {"share", "bound"}:
        return _share(other) > _share(own)
    return _left_s(other) < _left_s(own) if rule == "due" else other.waited_s > own.waited_s


def _aside(call: Call, other: Score, words: Words) -> str:
    called = call.called
    return words.say(
        f"aside_{call.aside[other.ticket].value}",
        other=_named(other, words),
        counter=called.counter,
        priority_class=words.priority(called.priority_class),
        service=words.service(called.service),
    )


def _by_itself(call: Call, words: Words) -> str:
    """Return a reason that needs no comparison."""
    called = call.called
    if called.rule == "bound":
        return _bound(call, words)
    if call.rule is not None:
        return _rule(call, words)
    if called.rule == "ratio":
        return _ratio(call, words)
    key = f"because_{called.rule}"
    if called.rule not in OUT_OF_LINE or not words.knows(key):
        return words.say("because_other", rule=called.rule)
    return words.say(key, counter=called.counter, priority_class=words.priority(called.priority_class))


def _bound(call: Call, words: Words) -> str:
    protected, minutes = call.protected, call.bound_min
    if protected is None:
        return words.say("because_other", rule=call.called.rule)
    if protected.times is not None:
        times = words.times(protected.times)
        return words.say("because_bound_times", protected=protected.ticket, times=times)
    span = words.span(round((minutes or 0) * _MINUTE_S))
    return words.say("because_bound_min", protected=protected.ticket, span=span)


def _rule(call: Call, words: Words) -> str:
    rule = call.rule
    if rule is None:
        return ""
    conditions = []
    if rule.waiting_over:
        conditions.append(words.say("rule_waiting", count=rule.waiting_over))
    if rule.waited_over_min:
        conditions.append(words.say("rule_waited", span=words.span(round(rule.waited_over_min * _MINUTE_S))))
    service = words.service(rule.service) if rule.service is not None else ""
    priority = words.priority(rule.priority_class) if rule.priority_class is not None else ""
    both = words.say("rule_of_both", service=service, priority_class=priority)
    return words.say(
        "because_rule",
        number=call.called.rule.partition(" ")[2],
        whose=both if service and priority else service or priority or words.say("rule_everybody"),
        condition=words.listed(conditions) or words.say("rule_always"),
    )


def _ratio(call: Call, words: Words) -> str:
    priority = words.priority(call.called.priority_class)
    return words.say("because_ratio", priority_class=priority, weight=call.weight)


# Against somebody -----------------------------------------------------------------------------------------------------


def _share(score: Score) -> float:
    return score.waited_s / score.target_s


def _is_tie(score: Score, other: Score) -> bool:
    return score.waited_s * other.target_s == other.waited_s * score.target_s


def _percent(score: Score) -> int:
    return (score.waited_s * 200 + score.target_s) // (score.target_s * 2)


def _left_s(score: Score) -> int:
    return score.target_s - score.waited_s


def _due(score: Score, words: Words) -> str:
    left_s = _left_s(score)
    if not left_s:
        return words.say("due_now")
    return words.say("due_left" if left_s > 0 else "due_over", span=words.span(abs(left_s)))


def _compared(call: Call, own: Score, others: list[Score], words: Words) -> str:
    match call.called.rule:
        case "share":
            return _by_share(own, others, words)
        case "fcfs" | "rules":
            return _by_wait(call.called.rule, own, others, words)
        case "due":
            return _by_due(own, others, words)
        case "strict":
            return _by_class(own, others, words)
        case _:
            return _by_itself(call, words)


def _by_share(own: Score, others: list[Score], words: Words) -> str:
    other = others[0]  # they stand in the order of their shares
    return words.say(
        f"because_{_share_key(own, other)}",
        share=_percent(own),
        part=words.part(own.waited_s, own.target_s),
        other=other.ticket,
        other_share=_percent(other),
        other_part=words.part(other.waited_s, other.target_s),
    )


def _share_key(winner: Score, other: Score) -> str:
    """Return how the winner's share is above the other's; with equal shares the shorter promise goes first.

    Shares are compared in milliseconds, and told in whole seconds and percents: these may hide who was ahead.
    """
    if _percent(winner) > _percent(other):
        return "share"
    if not _is_tie(winner, other):
        return "share_hardly"
    return "share_shorter" if winner.target_s < other.target_s else "share_earlier"


def _by_wait(rule: str, own: Score, others: list[Score], words: Words) -> str:
    other = max(others, key=lambda each: each.waited_s)
    return words.say(
        f"because_{rule}",
        waited=words.span(own.waited_s),
        other=other.ticket,
        other_waited=words.span(other.waited_s),
    )


def _by_due(own: Score, others: list[Score], words: Words) -> str:
    other = min(others, key=_left_s)
    return words.say("because_due", due=_due(own, words), other=other.ticket, other_due=_due(other, words))


def _by_class(own: Score, others: list[Score], words: Words) -> str:
    lower = [each for each in others if each.priority_class != own.priority_class]
    other = (lower or others)[0]
    return words.say(
        "because_strict" if lower else "because_strict_same",
        priority_class=words.priority(own.priority_class),
        other_class=words.priority(other.priority_class),
        other=other.ticket,
    )


# Why not me? ----------------------------------------------------------------------------------------------------------


def pass_sentences(passed: Pass, words: Words) -> str:
    """Return that a later ticket was called first, why, and whether it counts."""
    call, own = passed.call, passed.own
    called = call.called
    said = words.say(
        "over",
        time=words.clock(call.at),
        counter=called.counter,
        other=_named(passed.theirs, words),
        later=words.span(passed.later_s),
        reason=_over_reason(passed, words),
    )
    notes = []
    if call.undone_at is not None:
        key = "over_undone_counted" if passed.counted else "over_undone"
        notes.append(words.say(key, time=words.clock(call.undone_at), ticket=own.ticket))
    elif not passed.counted:
        notes.append(words.say("over_uncounted", ticket=own.ticket))
    elif called.exempt:
        notes.append(words.say("over_exempt"))
    if called.breach and call.undone_at is None:
        notes.append(words.say("over_breach"))
    return words.together(said, *notes)


def _over_reason(passed: Pass, words: Words) -> str:
    call, own, other = passed.call, passed.own, passed.theirs
    rule = call.called.rule
    why = passed.aside
    if why is not None:
        return words.say(
            f"aside_{why.value}",
            other=_named(own, words),
            counter=call.called.counter,
            priority_class=words.priority(other.priority_class),
            service=words.service(other.service),
        )
    if rule == "share":
        return words.say(
            f"over_{_share_key(other, own)}",
            ticket=own.ticket,
            share=_percent(own),
            part=words.part(own.waited_s, own.target_s),
            other_share=_percent(other),
            other_part=words.part(other.waited_s, other.target_s),
        )
    if rule == "due":
        return words.say("over_due", ticket=own.ticket, due=_due(own, words), other_due=_due(other, words))
    if rule == "strict":
        return words.say(
            "over_strict",
            priority_class=words.priority(own.priority_class),
            other_class=words.priority(other.priority_class),
        )
    return _by_itself(call, words)
