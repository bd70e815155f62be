"""A release from the technician's laptop to the boxes: real registrar, real broker, real downloads over TLS."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from msgspec import structs

from broker.bus import MqttBus
from broker.contract import wire
from broker.contract.messages import BoxHealth, Hall, Release, Role, UpdateStep
from broker.joining.asking import Refused
from broker.joining.words import Back, Begin, RolloutTold
from broker.link import HallLink, will
from hallcall.update.give import Bundle, give, in_words
from keeper.joining import Joining
from keeper.updates.fetch import Fetching, connected
from keeper.updates.notes import Notes, Outcome
from keeper.updates.offer import HANDED_OVER, READY
from registrar.releases import Releases
from registrar.server import Request

from .conftest import Founded
from .test_on_the_bus import Broker, hall_at_work, login, step, until

pytestmark = pytest.mark.broker
CONTENT = bytes(range(256)) * 20_000  # 5 MB: three pieces on the way up, twenty on the way down


class PlayedKeeper:
    """A box's keeper with the real download; `install` plays what root's units and a restart do."""

    def __init__(self, founded: Founded, machine: Joining, box: str) -> None:
        self.box, self.image = box, "1.0"
        node, papers = f"keeper-{box}", machine.papers
        self.folder = founded.folder / "updates" / box
        self.notes = Notes(founded.folder / "notes" / box)
        self.fetching = Fetching(
            folder=self.folder,
            notes=self.notes,
            arch="arm64",
            running=self.image,
            connect=lambda: connected(
                "127.0.0.1",
                founded.port,
                root=papers.root,
                certificate=papers.certificate(node),
                key=papers.key(node),
            ),
            now=lambda: datetime.now(UTC),
        )
        topics = [wire.topic("east", "release/{}", node), wire.topic("east", "node/{}", "dispatcher")]
        self.link = HallLink(
            bus=MqttBus(
                login=login(founded, machine, node),
                subscriptions=topics,
                will=will(hall="east", node=node, role=Role.KEEPER),
            ),
            hall="east",
            node=node,
            role=Role.KEEPER,
            clock=time.monotonic,
            on_other=partial(self.fetching.hear, hall="east", node=node),
        )

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self.fetching.run())
            tasks.create_task(self._tell())

    async def _tell(self) -> None:
        while True:
            self.tell()
            await asyncio.sleep(0.2)

    def tell(self) -> None:
        self.link.box(BoxHealth(box=self.box, image=self.image, update=self.fetching.told()))

    @property
    def handed_over(self) -> bool:
        return (self.folder / HANDED_OVER).exists()

    @property
    def goes_back(self) -> bool:
        return self.handed_over and (self.folder / HANDED_OVER).read_text().startswith("back ")

    def go_back(self) -> None:
        self.notes.end(Outcome(version="2.0", step=UpdateStep.FELL_BACK, at=datetime.now(UTC), why="left by hand"))
        self.image = self.fetching._running = "1.0"

    def install(self, step: UpdateStep, why: str = "") -> None:
        self.notes.end(Outcome(version="2.0", step=step, at=datetime.now(UTC), why=why))
        if step is UpdateStep.CONFIRMED:
            self.image = self.fetching._running = "2.0"


def joined(founded: Founded, broker: Broker, *boxes: str) -> list[PlayedKeeper]:
    """Let boxes join the hall; return their keepers."""
    keepers = []
    for box in boxes:
        machine = founded.machine(box)
        assert step(machine) == ""
        broker.take_up()
        keepers.append(PlayedKeeper(founded, machine, box))
    return keepers


@contextlib.asynccontextmanager
async def at_work(*keepers: PlayedKeeper) -> AsyncIterator[None]:
    running = [asyncio.create_task(keeper.run()) for keeper in keepers]
    try:
        yield
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_displays_get_it_first_and_the_next_stage_waits_until_they_are_healthy(tmp_path: Path) -> None:
    bundle = tmp_path / "from-the-laptop.raucb"
    bundle.write_bytes(CONTENT)
    with hall_at_work(tmp_path) as (founded, broker, _, _):
        board, kiosk = joined(founded, broker, "board-west", "kiosk-east")
        board.folder.mkdir(parents=True)
        technician = founded.technician()
        async with at_work(board, kiosk):
            told = await asyncio.to_thread(give, technician, [Bundle(bundle, "arm64", "2.0")], at_once=True)
            assert told.version == "2.0"
            await until(lambda: board.handed_over, within_s=40)
            assert (board.folder / READY).read_bytes() == CONTENT
            assert not kiosk.handed_over
            assert board.fetching.told().step is UpdateStep.INSTALLING
            board.install(UpdateStep.CONFIRMED)
            await until(lambda: kiosk.handed_over, within_s=40)
            kiosk.install(UpdateStep.FELL_BACK, "kiosk-1 is failed")

            def now() -> RolloutTold:
                return technician.read("/rollout", RolloutTold)

            await until(lambda: bool(now().alert), within_s=40)
            told = now()
            assert told.alert == "kiosk-east fell back to the release before: kiosk-1 is failed"
            assert told.done == ("board-west",)
            assert "dispatcher" in told.later
            assert "STOPPED: kiosk-east fell back" in in_words(told)
            await until(lambda: kiosk.fetching._release is None, within_s=20)


async def test_the_hall_goes_back_stage_by_stage_and_who_has_fallen_back_already_is_passed_over(tmp_path: Path) -> None:
    bundle = tmp_path / "from-the-laptop.raucb"
    bundle.write_bytes(CONTENT)
    with hall_at_work(tmp_path) as (founded, broker, _, _):
        board, kiosk = joined(founded, broker, "board-west", "kiosk-east")
        for each in (board, kiosk):
            each.folder.mkdir(parents=True)
        technician = founded.technician()
        async with at_work(board, kiosk):
            await asyncio.to_thread(give, technician, [Bundle(bundle, "arm64", "2.0")], at_once=True)
            await until(lambda: board.handed_over, within_s=40)
            board.install(UpdateStep.CONFIRMED)
            await until(lambda: kiosk.handed_over, within_s=40)
            kiosk.install(UpdateStep.FELL_BACK, "kiosk-1 is failed")
            await until(lambda: bool(technician.read("/rollout", RolloutTold).alert), within_s=40)

            told = await asyncio.to_thread(technician.tell, "/rollout/back", Back(at_once=True), RolloutTold)
            assert (told.back, told.alert) == (True, "")
            await until(lambda: board.goes_back, within_s=40)
            assert not kiosk.goes_back
            board.go_back()

            def now() -> RolloutTold:
                return technician.read("/rollout", RolloutTold)

            await until(lambda: set(now().done) >= {"board-west", "kiosk-east"}, within_s=40)
            assert now().alert == ""
            assert in_words(now()).startswith("back from release 2.0\n")


async def test_a_download_goes_on_where_it_was_cut_and_what_is_not_what_was_offered_is_not_handed_over(
    founded: Founded, registrar: object, tmp_path: Path
) -> None:
    del registrar
    machine = founded.machine("kiosk-east")
    assert step(machine) == ""
    bundle = tmp_path / "b.raucb"
    bundle.write_bytes(CONTENT)
    technician = founded.technician()
    await asyncio.to_thread(give, technician, [Bundle(bundle, "arm64", "2.0")], at_once=True)
    keeper = PlayedKeeper(founded, machine, "kiosk-east")
    digest = hashlib.sha256(CONTENT).hexdigest()
    release = Release(version="2.0", sha256=digest, size=len(CONTENT), path="/releases/hallcall-2.0-arm64.raucb")
    keeper.folder.mkdir(parents=True)
    part = keeper.folder / f"{digest}.part"
    part.write_bytes(CONTENT[:3_000_000])
    before = part.stat().st_ino
    running = asyncio.create_task(keeper.fetching.run())
    keeper.fetching.offered(release)
    await until(lambda: keeper.handed_over)
    assert (keeper.folder / READY).read_bytes() == CONTENT
    assert (keeper.folder / READY).stat().st_ino == before
    keeper.fetching.offered(structs.replace(release, sha256="0" * 64))
    await until(lambda: "not what was offered" in keeper.fetching.told().why)
    assert keeper.fetching.told().step is UpdateStep.DOWNLOADING
    keeper.fetching.offered(structs.replace(release, sha256="1" * 64, size=1 << 60))
    await until(lambda: "disk lacks" in keeper.fetching.told().why)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_only_the_technician_gives_a_release_and_only_the_halls_boxes_get_it(
    founded: Founded, registrar: object, tmp_path: Path
) -> None:
    del registrar
    bundle = tmp_path / "b.raucb"
    bundle.write_bytes(b"x")
    await asyncio.to_thread(give, founded.technician(), [Bundle(bundle, "arm64", "2.0")], at_once=True)
    nobody = replace(founded.technician(), certificate=None, key=None)
    for act in (
        lambda: founded.technician("kiosk-1").tell(
            "/rollout", Begin(version="2", packages={"a": "b.raucb"}), RolloutTold
        ),
        lambda: nobody.read("/rollout", RolloutTold),
        lambda: nobody.read("/releases/hallcall-2.0-arm64.raucb", RolloutTold),
        lambda: founded.technician().send("/releases/..%2f..%2fetc.raucb?at=0", b"x", RolloutTold),
    ):
        with pytest.raises(Refused):
            await asyncio.to_thread(act)


def test_a_bundle_that_would_fill_the_halls_disk_is_not_taken(tmp_path: Path, small_hall: Hall) -> None:
    releases = Releases(
        directory=tmp_path, hall=lambda: small_hall, boxes=dict, now=lambda: datetime.now(UTC), kept_free=1 << 60
    )
    piece = Request(method="POST", path="/releases/b.raucb", query="at=0", body=b"x", address="", shown=None)
    reply = releases.answer(piece, technician=True, member=False)
    assert reply is not None
    assert b"no_room" in reply.body
    assert not list(tmp_path.iterdir())
