"""docs/visit.md and the READMEs' picture: a visit's life, drawn from the hall's own table of transitions."""

from collections.abc import Iterator
from typing import Final

from broker.contract import messages
from broker.contract.messages import Event, Language
from broker.hall.life import CALLED, ENDED, NO_SHOW_LEADS_TO, OPEN, TRANSITIONS, VOID, VisitState

from .tables import NOTE, header, row

ANYWHERE: Final = "in any state"
STATES: Final[dict[VisitState, tuple[str, str, str]]] = {  # word, sentence, sentence
    VisitState.ISSUED: (
        "已取号",
        "The number is given; its slip is not yet confirmed, or the appointment's time has not come.",
        "号码已经给出；小票还没有确认打印，或预约的时间还没有到。",
    ),
    VisitState.WAITING: ("等候", "The customer waits and may be called.", "客户在等候，可以被叫到。"),
    VisitState.CALLED: (
        "已叫号",
        "A counter has called; the customer is on the way to it.",
        "窗口已经叫号，客户正走向窗口。",
    ),
    VisitState.SERVING: ("办理", "The customer is being served.", "客户正在窗口办理。"),
    VisitState.HELD: (
        "挂起",
        "Set aside until a paper or another step is there; comes back by itself after a while.",
        "暂时搁置，等材料或等别的环节；过了时限自动恢复等候。",
    ),
    VisitState.MISSED: (
        "过号",
        "Called, and nobody came; the customer may return until the day's end.",
        "叫了号而客户没有来；当天之内可以回来。",
    ),
    VisitState.ENDED: ("结束", "Served, cancelled, or closed unserved.", "已经办完、取消，或未办而闭厅。"),
    VisitState.VOID: (
        "作废",
        "The slip never came out: nobody holds this number.",
        "小票没有打印出来，没有人拿着这个号。",
    ),
}
EVENTS: Final[dict[type[Event], tuple[str, str, str]]] = {  # word, sentence, sentence
    messages.TicketIssued: ("取号", "A number was taken.", "客户取了号。"),
    messages.WalkUpServed: (
        "无号办理",
        "A counter serves somebody who has no ticket.",
        "窗口直接为没有号的客户办理。",
    ),
    messages.TicketReady: (
        "可以叫号",
        "Nothing was heard of the slip in time, or the appointment's time has come.",
        "小票的消息超时未到，或预约时间已到，可以叫号。",
    ),
    messages.SlipReported: (
        "小票回报",
        "The kiosk says that the slip is out, or may be.",
        "取号机回报：小票已经打印，或可能已经打印。",
    ),
    messages.TicketVoided: ("作废", "The slip certainly did not come out.", "小票确实没有打印出来。"),
    messages.TicketCalled: ("叫号", "A counter calls the customer.", "窗口叫号。"),
    messages.CallRepeated: ("重呼", "The same call again.", "同一次叫号再播一遍。"),
    messages.ServiceStarted: ("开始办理", "The customer has come.", "客户到了窗口，开始办理。"),
    messages.TransactionEnded: (
        "办下一项",
        "One service is done; the next one under the same ticket waits.",
        "一项业务办完，同一个号的下一项业务开始等候。",
    ),
    messages.VisitHeld: ("挂起", "The clerk sets the visit aside.", "窗口把客户挂起。"),
    messages.VisitTransferred: (
        "转移",
        "On to another service, counter or clerk.",
        "转到另一项业务、另一个窗口或另一位工作人员。",
    ),
    messages.TicketReclassified: (
        "改类别",
        "Another priority class; at the counter: not entitled, back to the ordinary place.",
        "改优先类别；在窗口则是不符合优先条件，回到普通次序。",
    ),
    messages.VisitReturned: ("恢复等候", "Back from a no-show or a hold.", "过号或挂起的客户回来，继续等候。"),
    messages.VisitEnded: (
        "结束",
        "The last word on a visit, with its outcome; a no-show may still come back.",
        "一次来访的结果；过号的当天还可以回来。",
    ),
    messages.OutcomeStated: ("补填结果", "The outcome that was owed.", "补填欠下的办理结果。"),
    messages.VisitRated: ("评价", "The customer's rating of one call.", "客户对一次办理的评价。"),
    messages.VisitNotRated: ("未评价", "The customer was asked, and pressed nothing.", "请客户评价，客户没有按键。"),
    messages.RatingExplained: ("评价原因", "Why the customer rated the call so.", "客户给出这个评价的原因。"),
    messages.Undone: (
        "撤销",
        "A counter's last act is taken back: the visit is in the state that it had before.",
        "撤销窗口的上一步操作：客户回到操作之前的状态。",
    ),
}
_OPEN: Final = "open"
IN_THE_HALL: Final = {Language.ZH: "在大厅", Language.EN: "in the hall"}
NO_SHOW: Final = {Language.ZH: "过号", Language.EN: "VisitEnded (no-show)"}


def page() -> str:
    """Return docs/visit.md."""
    lines = [
        "# A visit's life",
        NOTE,
        "",
        "Drawn from the table in `broker/hall/life.py`, which decides what may happen to a visit and what may not.",
        "由 `broker/hall/life.py` 中的状态表生成；一次来访能发生什么、不能发生什么，都由这张表决定。",
        "",
        *picture(Language.EN),
        "",
        "## States",
        "",
        *header("state", "状态", "what it means", "含义"),
        *(row(f"`{state.value}`", word, en, zh) for state, (word, en, zh) in STATES.items()),
        "",
        "## Events",
        "",
        "What happens to a visit; their fields are in [messages.md](messages.md).",
        "",
        *header("event", "事件", "what it says", "含义", "from → to"),
    ]
    for event in TRANSITIONS:
        word, en, zh = EVENTS[event]
        name = event.__name__
        lines.append(row(f"[{name}](messages.md#{name.lower()})", word, en, zh, _steps(event)))
    return "\n".join([*lines, ""])


def picture(language: Language) -> list[str]:
    """Return the lines of a Mermaid diagram; parallel arrows are one, and what ends every open state is one arrow."""
    zh = language is Language.ZH
    words = [f"    {state.value}: {word}" for state, (word, _, _) in STATES.items()] if zh else []
    return ["```mermaid", "stateDiagram-v2", *words, *_arrows(language), "```"]


def _arrows(language: Language) -> Iterator[str]:
    labels: dict[tuple[str, str], list[str]] = {}
    for event, steps in TRANSITIONS.items():
        if _is_anywhere(event):
            continue
        name = EVENTS[event][0] if language is Language.ZH else event.__name__
        for before, after in steps.items():
            if after is ENDED and set(steps) == OPEN:
                labels[_OPEN, ENDED.value] = [name]
            elif after is not None:
                labels.setdefault((before.value if before else "[*]", after.value), []).append(name)
    labels.setdefault((CALLED.value, NO_SHOW_LEADS_TO.value), []).append(NO_SHOW[language])
    states = {state.value for state in OPEN}
    yield f'    state "{IN_THE_HALL[language]}" as {_OPEN} {{'
    yield from (f"    {arrow}" for pair, arrow in _drawn(labels) if states >= set(pair))
    yield "    }"
    yield from (arrow for pair, arrow in _drawn(labels) if not states >= set(pair))
    yield from (f"    {last.value} --> [*]" for last in (ENDED, VOID))


def _drawn(labels: dict[tuple[str, str], list[str]]) -> Iterator[tuple[tuple[str, str], str]]:
    for (source, target), names in labels.items():
        yield (source, target), f"    {source} --> {target}: {', '.join(names)}"


def _is_anywhere(event: type[Event]) -> bool:
    """Tell whether an event can happen in any state and leads nowhere."""
    return set(TRANSITIONS[event]) == set(VisitState) and not any(TRANSITIONS[event].values())


def _steps(event: type[Event]) -> str:
    if _is_anywhere(event):
        return ANYWHERE
    steps = [
        f"{before.value if before else 'nothing'} → {(after or before or VOID).value}"
        for before, after in TRANSITIONS[event].items()
        if after is not None or set(TRANSITIONS[event]) != set(VisitState)
    ]
    no_show = [f"{CALLED.value} → {NO_SHOW_LEADS_TO.value} as a no-show"] if event is messages.VisitEnded else []
    return ", ".join([*steps, *no_show])
