"""A large hall for benches: thirty counters and twenty services, with a journal that is already long.

The journal is made by the very code that runs live, only that many commands share a commit.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from broker.bus import Login
from broker.config import load_hall
from broker.contract.messages import (
    AnyCommand,
    Called,
    CallNext,
    ConfigureHall,
    FinishService,
    Hall,
    OpenDay,
    Recorded,
    ReportSlip,
    Role,
    SlipFate,
    StartService,
    TakeTicket,
    TicketTaken,
)
from broker.hall.apply import apply
from broker.hall.clock import ms, utc
from broker.hall.decide import decide
from broker.hall.request import Request
from broker.hall.state import HallState
from broker.journal import Entry, Journal
from broker.memory import packed, shape, written

from ..demo.layout import Ports, clear, free_ports, lay_out

COUNTERS: Final = 30
SERVICES: Final = 20
PREFIXES: Final = "ABCEFHLPU"
ENTRIES_AT_ONCE: Final = 500
SETTINGS: Final = {"ticket_s": 8, "board_width": 1280, "board_height": 720, "speaker": "alsa:null", "repeats": 1}


def _toml() -> str:
    """Return the hall's file; every counter has five services."""
    zone = '[[zones]]\nid = "main"\nname = { zh = "大厅", en = "Main hall" }\n'
    lines = [
        'id = "chengdong"\nname = { zh = "测试", en = "Bench" }\ntimezone = "Asia/Shanghai"\nslip_grace_s = 0\n',
        zone,
    ]
    for at in range(SERVICES):
        prefix = PREFIXES[at % 9] + (PREFIXES[at // 9 - 1] if at >= len(PREFIXES) else "")
        name = f'{{ zh = "业务{at}", en = "Service {at}" }}'
        lines.append(f'[[services]]\nid = "s{at}"\nname = {name}\nprefix = "{prefix}"\nzone = "main"\nlast = 9999\n')
    for number in range(1, COUNTERS + 1):
        skills = ", ".join(f'"s{(number * 3 + more) % SERVICES}"' for more in range(5))
        lines.append(f'[[counters]]\nnumber = {number}\nzone = "main"\nskills = [{skills}]\n')
    for node, role in (("kiosk-1", "kiosk"), ("box-1", "counter"), ("guest", "watch")):
        speaks = f"counters = {list(range(1, COUNTERS + 1))}\n" if role == "counter" else ""
        lines.append(f'[[nodes]]\nid = "{node}"\nrole = "{role}"\n{speaks}')
    return "\n".join(lines)


class LargeHall:
    """Its files lie in `directory`; `open` its journal before a dispatcher does."""

    def __init__(self, directory: Path) -> None:
        clear(directory)
        self.directory = directory
        self.config, self.journal = directory / "config", directory / "journal"
        self.ports: Ports = free_ports()
        lay_out(directory, ports=self.ports, settings={**SETTINGS, "languages": '["zh"]'})
        path = self.config / "hall.toml"
        path.write_text(_toml(), encoding="utf-8")
        self.hall: Hall = load_hall(path)

    def login(self, name: str) -> Login:
        password = (self.config / f"{name}.password").read_text(encoding="utf-8").strip()
        return Login(host="127.0.0.1", port=self.ports.broker, name=name, password=password)

    @contextlib.contextmanager
    def open(self) -> Iterator["Writing"]:
        """Write at the hall's journal of today."""
        journal = Journal(self.journal)
        writing = Writing(journal, self.hall)
        yield writing
        writing.commit()
        journal.close()


class SnapshotCost(NamedTuple):
    """A press may have to wait for one of the three."""

    encoding_ms: float
    packing_ms: float
    writing_ms: float
    size: int


class Writing:
    """People and clerks in a hurry: whatever they do is written to the journal of today, a second apart at most."""

    def __init__(self, journal: Journal, hall: Hall) -> None:
        self.journal = journal
        self.state = HallState(epoch=journal.epoch, seq=journal.seq)
        self._entries: list[Entry] = []
        self._commands = 0
        today = datetime.now(UTC).astimezone(ZoneInfo(hall.timezone)).date()
        self.now_ms = ms(datetime.now(UTC)) - 3_600_000
        self._do(OpenDay(id="day", day=today.isoformat()), node=Role.DISPATCHER.value)
        self._do(ConfigureHall(id="hall", hall=hall), node=Role.DISPATCHER.value)

    def take(self, visits: int) -> None:
        """Let so many people take a number, of all services in turn."""
        for each in range(visits):
            self._take(f"s{each % SERVICES}")

    def serve(self, events: int) -> None:
        """Let people come, be called and served, until so many more events have happened."""
        enough = self.state.seq + events
        turn = 0
        while self.state.seq < enough:
            turn += 1
            counter = turn % COUNTERS + 1
            self._take(f"s{(counter * 3) % SERVICES}")
            called = self._press(CallNext, counter)
            if isinstance(called, Called):
                self._press(StartService, counter, seen=called.call)
                self._press(FinishService, counter, seen=called.call)

    def keep_snapshot(self) -> "SnapshotCost":
        """Put a snapshot on disk."""
        self.commit()
        began = time.perf_counter()
        body = written(self.state)
        encoded = time.perf_counter()
        small = packed(body)
        begun = time.perf_counter()
        self.journal.keep_snapshot(self.journal.place, shape=shape(), body=small)
        done = time.perf_counter()
        return SnapshotCost((encoded - began) * 1000, (begun - encoded) * 1000, (done - begun) * 1000, len(small))

    def commit(self) -> None:
        if self._entries:
            self.journal.append(self._entries)
            self._entries = []

    def _take(self, service: str) -> None:
        taken = self._do(TakeTicket(id=self._id(), service=service), node="kiosk-1")
        if isinstance(taken, TicketTaken):
            self._do(ReportSlip(id=self._id(), visit=taken.visit, fate=SlipFate.PRINTED), node="kiosk-1")

    def _press(
        self, kind: type[CallNext | StartService | FinishService], counter: int, seen: str | None = None
    ) -> object:
        return self._do(kind(id=self._id(), counter=counter, seen=seen), node="box-1")

    def _id(self) -> str:
        self._commands += 1
        return f"bench-{self._commands}"

    def _do(self, command: AnyCommand, *, node: str) -> object:
        self.now_ms += 10
        decision = decide(self.state, command, Request(node, self.now_ms))
        happened: Sequence[Recorded] = [
            Recorded(epoch=self.state.epoch, seq=self.state.seq + at, at=utc(self.now_ms), event=event)
            for at, event in enumerate(decision.events, start=1)
        ]
        for each in happened:
            apply(self.state, each)
        self._entries.append(Entry(node=node, command=command.id, answer=decision.answer, events=happened))
        if len(self._entries) >= ENTRIES_AT_ONCE:
            self.commit()
        return decision.answer
