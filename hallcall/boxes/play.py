"""What happens to the hall of boxes: it opens, serves, loses boxes and cables, gets a spare, and sends a box away."""

import asyncio
import json
import shlex
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

from broker.config import load_hall

from ..demo.floor import Floor
from ..demo.people import Crowd
from ..demo.programs import Programs
from ..demo.touch import Finger
from ..demo.witnesses import follow
from .hall import DISPATCHER, IN_PLACE, NODES, SPARE, BoxHall
from .story import Story, WentWrong
from .wires import HOST

PORTS: Final = {"printer": 9100, "speaker": 9200, "broker": 0, "switch": 0}
KIOSK: Final = "10.77.0.21"
# What a person waits for is said by the steps' seconds; these only end a run that hangs, on a busy machine too.
FIRST_START_S: Final = 300.0
RESTART_S: Final = 180.0
SERVED_S: Final = 300.0


class Play:
    """One run. `visitors` come in each of its acts; with `hold` none is played, and the hall stays open."""

    def __init__(self, *, directory: Path, image: Path, visitors: int, story: Story, hold: bool = False) -> None:
        self._directory = directory
        self._visitors = visitors
        self._story = story
        self._hall = BoxHall(directory=directory, image=image)
        self._floor = Floor(tell=lambda _: None)
        self._programs = Programs(logs=directory / "logs", say=story.say)
        self._tasks: list[asyncio.Task[None]] = []
        self._acts = (
            (self._hold,)
            if hold
            else (self._serve, self._read_only, self._power_cuts, self._cable, self._replace, self._revoke)
        )
        self._came = 0

    async def run(self) -> None:
        """Play all acts. Raises WentWrong."""
        try:
            await self._found()
            await self._open()
            for act in self._acts:
                await act()
            floor = self._floor
            self._story.say(
                f"{len(floor.slips)} numbers on paper, {len(floor.glimpses)} called,"
                f" {sum(each.served for each in floor.glimpses.values())} served, {len(floor.announcements)} announced;"
                f" lost {len(floor.lost)}, doubled {len(floor.doubled)}"
            )
        finally:
            for task in self._tasks:
                task.cancel()
            self._hall.take_apart()
            await self._programs.stop()

    # The acts ---------------------------------------------------------------------------------------------------------

    async def _found(self) -> None:
        with self._story.step("the technician founds the hall and fills the cards (hallcall hall init)"):
            await asyncio.to_thread(self._hall.found)

    async def _open(self) -> None:
        hall, floor = self._hall, self._floor
        directory = self._directory
        arguments = [str(directory), "2,2", json.dumps(PORTS), HOST]
        self._programs.start(
            "cables",
            [sys.executable, "-m", "hallcall.demo.cables", *arguments],
            on_line=lambda line: floor.take(json.loads(line)),
        )
        await floor.until(lambda: floor.tape_began_ms > 0, timeout_s=30)
        for screen, see in (("kiosk", floor.see_kiosk), ("board", floor.see_board)):
            path = hall.screens / f"{screen}.jsonl"
            path.touch()
            path.chmod(0o666)  # whoever systemd makes the program's user
            self._tasks.append(asyncio.create_task(follow(path, see)))
        with self._story.step("five boxes start for the first time, join, and come up"):
            for name in IN_PLACE:
                await asyncio.to_thread(hall.assemble, name)
                hall.machines[name].switch_on()
            for name in IN_PLACE:
                await hall.until(f"the nodes of {name} run", partial(hall.runs, name), timeout_s=FIRST_START_S)
            await self._kiosk_shows("home")
        services = [service.id for service in load_hall(hall.office / "hall.toml").services]
        self._crowd = Crowd(
            floor=floor,
            finger=Finger(port=3333, host=KIOSK),
            order=lambda **act: self._programs.write("cables", json.dumps(act)),
            services=services,
            seed=7,
        )
        for counter in (1, 2, 3, 4):
            self._tasks.append(asyncio.create_task(self._crowd.staff(counter)))

    async def _hold(self) -> None:
        """Keep the hall open for who wants to type a technician's commands, until Ctrl+C."""
        hall = self._hall
        self._story.say("the hall is open, its windows are staffed; Ctrl+C ends it. In another terminal, as root:")
        self._story.say(f"the laptop: {shlex.join(hall.technician)} boxes {shlex.join(hall.by_hall)}")
        for name in IN_PLACE:
            self._story.say(f"{name}: {shlex.join(hall.machines[name].enter())} bash")
        await asyncio.Event().wait()

    async def _serve(self) -> None:
        with self._story.step(f"{self._visitors} visitors take numbers, are called, served and rate"):
            await self._visit(self._visitors)

    async def _read_only(self) -> None:
        with self._story.step("no box's root can be written"):
            for name in IN_PLACE:
                tried = self._hall.machines[name].run("touch", "/usr/written", "/opt/hallcall/written", "/etc/written")
                if tried.returncode == 0 or "Read-only" not in tried.stderr:
                    raise WentWrong(f"{name}: {tried.stdout}{tried.stderr}")

    async def _power_cuts(self) -> None:
        for name in ("windows-a", DISPATCHER, "kiosk-a"):
            with self._story.step(f"{name} loses its power while people wait, and comes back"):
                await self._meanwhile(partial(self._cut, name))

    async def _cut(self, name: str) -> None:
        await asyncio.to_thread(self._hall.cut_power, name)
        self._hall.machines[name].switch_on()
        await self._hall.until(f"{name} runs again", lambda: self._hall.runs(name), timeout_s=RESTART_S)
        await self._kiosk_shows("home")

    async def _cable(self) -> None:
        with self._story.step("the dispatcher's cable is pulled: the kiosk gives numbers all the same; it is mended"):
            self._hall.pull(DISPATCHER)  # not the kiosk's: finger and printer reach it by the network
            await self._visit_at_kiosk()
            self._hall.plug(DISPATCHER)
            await self._all_served()

    async def _replace(self) -> None:
        with self._story.step("windows-b is dead; a spare takes its place while customers are called"):
            await self._meanwhile(self._take_spare)

    async def _take_spare(self) -> None:
        hall = self._hall
        await asyncio.to_thread(hall.cut_power, "windows-b")
        hall.move_cables("windows-b", SPARE)
        await asyncio.to_thread(hall.assemble, SPARE)
        hall.machines[SPARE].switch_on()
        await hall.until("the spare shows its code", lambda: bool(hall.code_of(SPARE)), timeout_s=RESTART_S)
        code = hall.code_of(SPARE)
        self._story.say(f"  the spare shows {code}; the supervisor approves")
        hall.order("ApproveSpare", f"code={code}", "box=windows-b")
        await hall.until("the spare runs box-2", lambda: hall.runs(SPARE, NODES["windows-b"]), timeout_s=RESTART_S)

    async def _revoke(self) -> None:
        hall = self._hall
        with self._story.step("the dead box wakes up again: it harms nobody, and is let in nowhere"):
            hall.machines["windows-b"].switch_on()
            await hall.until("it runs", lambda: hall.runs("windows-b"), timeout_s=RESTART_S)
            await self._visit(self._visitors)
            if hall.reaches("windows-b"):
                raise WentWrong("the dead box has taken the address of the spare")
        with self._story.step("the technician revokes windows-a: it is thrown off at once"):
            hall.revoke("windows-a")
            await hall.until("it is refused", lambda: hall.is_refused("windows-a", "box-1"), timeout_s=RESTART_S)

    # Means ------------------------------------------------------------------------------------------------------------

    async def _kiosk_shows(self, screen: str) -> None:
        if not await self._floor.until(lambda: self._floor.glass.screen == screen, timeout_s=RESTART_S):
            raise WentWrong(f"the kiosk shows {self._floor.glass.screen or 'nothing'}, not {screen}")

    async def _visit(self, many: int) -> None:
        async with asyncio.TaskGroup() as people:
            for _ in range(many):
                people.create_task(self._crowd.send())
        await self._all_served()

    async def _meanwhile(self, trouble: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._visitors // 2):
                tasks.create_task(self._crowd.send())
            tasks.create_task(trouble())
        await self._all_served()

    async def _visit_at_kiosk(self) -> None:
        slips = len(self._floor.slips)
        self._tasks.append(asyncio.create_task(self._crowd.send()))
        if not await self._floor.until(lambda: len(self._floor.slips) > slips, timeout_s=RESTART_S):
            raise WentWrong("the kiosk gave no number without the network")

    async def _all_served(self) -> None:
        floor = self._floor

        def done() -> bool:
            return self._crowd.inside == 0 and len(floor.glimpses) >= len(floor.slips) and not any(floor.signs.values())

        if not await floor.until(done, timeout_s=SERVED_S):
            raise WentWrong(
                f"{self._crowd.inside} people are still inside; slips {floor.slips}, called {list(floor.glimpses)}"
            )
        wrong = [*(f"{each} lost" for each in floor.lost), *(f"{each} twice" for each in floor.doubled)]
        if wrong or self._crowd.unlucky:
            raise WentWrong(f"{', '.join(wrong)}; {self._crowd.unlucky} got no number")
