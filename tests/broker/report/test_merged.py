"""What is said of a number that a kiosk gave by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from broker.contract.messages import Done, Hall, Language, MergeTicket, Node, Role, SlipFate
from broker.contract.texts import texts
from broker.report.sentences import sections
from broker.report.why import account
from broker.report.words import Words


@pytest.mark.parametrize(
    ("language", "by_clock", "said"),
    [
        (
            Language.EN,
            False,
            "09:50: given by the kiosk itself, as the dispatcher was away; known here since 10:00.",
        ),
        (Language.EN, True, "That time is what the kiosk's own clock said."),
        (Language.ZH, False, "09:50 系统断开时由取号机自行取号，10:00 并入队列。"),
        (Language.ZH, True, "该时间以取号机自己的时钟为准。"),
    ],
)
def test_it_is_told_by_the_time_of_its_paper_and_since_when_the_hall_knows_of_it(
    floor_in_memory: Callable[[Hall], Any], classes_hall: Hall, language: Language, said: str, *, by_clock: bool
) -> None:
    floor = floor_in_memory(replace(classes_hall, nodes=(*classes_hall.nodes, Node(id="kiosk-9", role=Role.KIOSK))))
    floor.later(30)
    command = MergeTicket(
        id="k-1",
        ticket="A1001",
        number=1001,
        service="bill",
        day="2026-11-21",
        ago_ms=600_000,
        slip=SlipFate.PRINTED,
        by_clock=by_clock,
    )
    assert isinstance(floor.ask(command, node="kiosk-9"), Done)
    told = account(floor.events, "A1001")
    words = Words(texts(language)["why"], hall=told.hall, language=language)
    lines = [line for section in sections(told, words) for line in section.lines]
    assert said in "\n".join(map(str, lines))
    assert told.age_s == 600
