"""Whatever was done, time leads home: the next customer finds the first page as he expects it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.contract.messages import HallView, Refused
from hardware.devices import PaperState, Printed, PrintResult, TactileKey
from kiosk import flow
from kiosk.flow import Happening, Kiosk, Patience, Pressed, Ticked, Touched

from .test_flow import KEYS, STORM

OURS = ("help", "stay", "cancel", "home", "back", "", ":", "service:", "digit:x", "language:", "language:xx", "shelf:x")
LETTERS = tuple(f"{name}:{argument}" for name in ("digit", "letters") for argument in "0A9")
PAPERS = [flow.PaperSeen(paper=paper) for paper in PaperState]
ANSWERS: list[Happening] = [
    flow.Answered(answer=None),
    flow.Answered(answer=Refused(id="1", reason="service_full")),
    *(
        flow.SlipDone(result=PrintResult(printed=printed, paper=paper))
        for printed in Printed
        for paper in (PaperState.OK, PaperState.OUT)
    ),
    flow.HallHere(here=False),
    flow.HallHere(here=True),
    HallView(day=None, hall=STORM),
    HallView(day="2026-11-21", hall=STORM),
    HallView(day="2026-11-21", hall=STORM, evacuation=True),
]
TOUCHES = st.sampled_from([*KEYS, *OURS, *LETTERS]).map(lambda key: Touched(key=key))
PRESSES = st.builds(
    Pressed, key=st.sampled_from(TactileKey), offered=st.lists(st.sampled_from(KEYS), max_size=4).map(tuple)
)
STEPS = st.lists(
    st.tuples(
        st.one_of(TOUCHES, TOUCHES, PRESSES, st.sampled_from([*PAPERS, *ANSWERS])),
        st.sampled_from([0.0, 0.01, 1.0, 24.9, 26.0, 45.1, 130.0]),
    ),
    max_size=60,
)


def passes(kiosk: Kiosk, now_s: float, until_s: float) -> Kiosk:
    """Let time pass as the node does; each tick that is due changes something, and they come to an end."""
    for _ in range(12):
        due_s = flow.due_at_s(kiosk)
        if due_s is None or due_s > until_s:
            return kiosk
        ticked, _ = flow.follow(kiosk, Ticked(), max(due_s, now_s))
        assert ticked != kiosk, f"a tick that changes nothing would come again at once: {kiosk.screen}"
        kiosk = ticked
    raise AssertionError(f"ticks without end: {kiosk.screen}")


@pytest.mark.parametrize("offers", [False, True])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_from_wherever_touches_lead_time_leads_home(steps: list[tuple[Happening, float]], *, offers: bool) -> None:
    now_s = 100.0
    kiosk = flow.started(
        hall=HallView(day="2026-11-21", hall=STORM),
        idle_s=25,
        ticket_s=8,
        now_s=now_s,
        paper=PaperState.OK,
        patience=Patience(offers=offers),
    )
    kiosk, _ = flow.follow(kiosk, flow.HallHere(here=True), now_s)
    for happening, pause_s in steps:
        kiosk, _ = flow.follow(kiosk, happening, now_s)
        kiosk = passes(kiosk, now_s, now_s + pause_s)
        now_s += pause_s
    settled: tuple[Happening, ...] = (
        flow.SlipDone(result=PrintResult(printed=Printed.YES, paper=PaperState.OK)),
        flow.Answered(answer=None),
        flow.PaperSeen(paper=PaperState.OK),
        flow.HallHere(here=True),
        HallView(day="2026-11-21", hall=STORM, evacuation=False),
    )
    for happening in settled:  # whatever was asked is answered, whatever was broken is well again
        kiosk, _ = flow.follow(kiosk, happening, now_s)
    kiosk = passes(kiosk, now_s, now_s + 10_000)
    fresh = flow.started(hall=None, idle_s=25, ticket_s=8, now_s=0)
    assert kiosk.is_untouched
    assert (kiosk.asking, kiosk.offering, kiosk.effort, kiosk.guide_s) == (False, False, fresh.effort, None)
    assert (kiosk.large, kiosk.contrast, kiosk.listening, kiosk.focus, kiosk.volume) == (False, False, False, None, 0)
