"""What is to be found on this machine: its files, the machine itself, the way to the broker, each program's devices."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from broker.ailments import found
from broker.box_file import BoxFile, load_box
from broker.bus import LoginRefused, try_login
from broker.config import BrokenConfig, NodeFile, load_any, login_of
from broker.contract.messages import BoxFinding, BoxHealth, DeviceState, Language, Role
from broker.identity import Untrusted

from .services import ALIVE, Service, credentials, give_back, role_of, service, told_to, unit_of
from .sheet import Sheet

PLACE: Final = Path("/etc/hallcall")
TLS: Final = Path("/var/lib/hallcall/tls")
CONNECT_S: Final = 2.0
LOOK_S: Final = 15.0
CHECK_S: Final = 60.0
CHECKS: Final[Mapping[Role, tuple[str, ...]]] = {  # how the programs with devices test themselves
    Role.KIOSK: ("kiosk", "--check", "--unattended", "--json"),
    Role.DISPLAY: ("display", "--check", "--seconds", "1", "--json"),
    Role.COUNTER: ("counter", "--check", "--unattended", "--json"),
}
BY_HAND: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.KIOSK: ("kiosk", "--check"),
    Role.DISPLAY: ("display", "--check", "--seconds", "5"),
    Role.COUNTER: ("counter", "--check"),
}
_LIGHTS: Final = {"green": "device_ok", "amber": "device_warning", "red": "device_fault", "skipped": "device_unknown"}


@dataclass(kw_only=True)
class Here:
    """A box as it is looked at. `only` is a single node's file, on a machine that need not be a box."""

    sheet: Sheet
    place: Path = PLACE
    tls_dir: Path = TLS
    only: Path | None = None
    live: bool = False  # running programs are stopped, and their devices tried by whoever stands there
    box: BoxFile | None = None
    nodes: list[tuple[Path, NodeFile]] = field(default_factory=list)
    health: BoxHealth | None = None

    def look(self) -> None:
        """Look at all of it, and say each finding as it comes."""
        self.sheet.add("", *self._files())
        self.sheet.looking("keeper")
        self.sheet.add("", *self._machine())
        self.sheet.looking("broker")
        self.sheet.add("", *self._broker())
        for path, file in self.nodes:
            self.sheet.add("", *self._node(path, file))

    def _files(self) -> Iterator[BoxFinding]:
        paths = [self.only] if self.only is not None else []
        box_file = self.place / "box.toml"
        if self.only is None:
            if not box_file.exists():
                yield found("files_none", path=str(box_file))
                return
            try:
                self.box = load_box(box_file)
                paths = [self.place / "nodes" / f"{node}.toml" for node in self.box.nodes]
            except BrokenConfig as error:
                yield found("files_broken", problem=str(error))
        broken = 0
        for path in [*paths, *([self.place / "hall.toml"] if (self.place / "hall.toml").exists() else [])]:
            try:
                file = load_any(path)
            except (BrokenConfig, OSError) as error:
                broken += 1
                yield found("files_broken", problem=str(error))
                continue
            if isinstance(file, NodeFile):
                self.nodes.append((path, file))
        if not broken:
            yield found("files_ok", count=len(paths) + (self.only is None))

    def _machine(self) -> Iterator[BoxFinding]:
        """Ask the keeper's own look: programs never import one another."""
        command = [sys.executable, "-m", "keeper.check", "--tls-dir", str(self.tls_dir)]
        if self.box is not None:
            command += ["--box", self.box.box, "--box-file", str(self.place / "box.toml")]
        try:
            ran = subprocess.run(command, capture_output=True, timeout=LOOK_S, check=True)
            self.health = msgspec.json.decode(ran.stdout, type=BoxHealth)
        except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
            yield found("node_check_broke", node="keeper", problem=_short(error))
            return
        single = self.only is not None  # then the machine is anybody's: only what troubles a program is told
        yield from (
            each
            for each in self.health.findings
            if not single or each.state not in {DeviceState.OK, DeviceState.UNKNOWN}
        )

    def _broker(self) -> Iterator[BoxFinding]:
        """Knock at each broker that the nodes name, and at the dispatcher's where there are none."""
        where = {(file.broker.host, file.broker.tcp_port): None for _, file in self.nodes}
        if not where and self.box is not None and self.box.dispatcher:
            where[self.box.dispatcher, 8883] = None
        for host, port in where:
            try:
                with socket.create_connection((host, port), timeout=CONNECT_S):
                    yield found("broker_answers", host=host, port=port)
            except OSError as error:
                yield found("broker_gone", host=host, port=port, problem=_short(error))

    def _node(self, path: Path, file: NodeFile) -> Iterator[BoxFinding]:
        role, state = role_of(file), service(unit_of(file))
        if role is Role.SUPERVISOR:
            return
        self.sheet.looking("node")
        is_up = state.active in {"active", "activating", "reloading"}
        if is_up and self.live and role in BY_HAND:
            yield from self._by_hand(path, file, state)
            return
        if is_up:
            yield as_running(file.node, state)
            if role in CHECKS:
                yield found("node_untested", node=file.node)
            return
        if state.active:
            yield found("node_stopped", node=file.node, state=state.active, unit=state.name)
        if role in CHECKS:
            yield from self._checked(path, file, CHECKS[role])
        else:
            yield self._login(path, file)

    def _checked(self, path: Path, file: NodeFile, check: tuple[str, ...]) -> Iterator[BoxFinding]:
        """Let a program that does not run test itself and its devices."""
        program, *arguments = check
        command = [sys.executable, "-m", program, *arguments, "--config", str(path)]
        with credentials(file.node, self.tls_dir) as environment:
            try:
                ran = subprocess.run(
                    [*command, "--lang", self.sheet.language.value],
                    capture_output=True,
                    timeout=CHECK_S,
                    check=False,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                )
            except (OSError, subprocess.SubprocessError) as error:
                yield found("node_check_broke", node=file.node, problem=_short(error))
                return
        give_back(Path(file.state_dir))
        yield from of_program(file.node, ran.stdout, ran.stderr)

    def _by_hand(self, path: Path, file: NodeFile, state: Service) -> Iterator[BoxFinding]:
        """Stop a program, let whoever stands there try its devices, and start it again whatever happens."""
        program, *arguments = BY_HAND[role_of(file)]
        command = [sys.executable, "-m", program, *arguments, "--config", str(path)]
        if not told_to("stop", state.name):
            problem = f"{state.name} cannot be stopped; are you root?"
            yield found("node_check_broke", node=file.node, problem=problem)
            return
        runs_again = False
        try:
            with credentials(file.node, self.tls_dir) as environment:
                language = ("--lang", self.sheet.language.value)
                ended = subprocess.run([*command, *language], check=False, env=environment).returncode
        finally:
            give_back(Path(file.state_dir))
            runs_again = told_to("start", state.name)
        if not runs_again:
            yield found("node_stopped", node=file.node, state="failed", unit=state.name)
            return
        yield found("node_tried" if ended == 0 else "node_failed", node=file.node)

    def _login(self, path: Path, file: NodeFile) -> BoxFinding:
        """Log in as a node that does not run; one that runs would be thrown off."""
        host, port = file.broker.host, file.broker.tcp_port
        with credentials(file.node, self.tls_dir) as environment:
            before = os.environ.get("CREDENTIALS_DIRECTORY")
            try:
                os.environ.update(environment)
                again = load_any(path)  # its names are looked up among the credentials
                asyncio.run(try_login(login_of(again if isinstance(again, NodeFile) else file)))
            except Untrusted as error:
                problem = error.flaw.said(self.sheet.language)
                return found("broker_refused", host=host, port=port, node=file.node, problem=problem)
            except (BrokenConfig, LoginRefused) as error:
                return found("broker_refused", host=host, port=port, node=file.node, problem=_short(error))
            except OSError as error:
                return found("broker_gone", host=host, port=port, problem=_short(error))
            finally:
                if before is None:
                    os.environ.pop("CREDENTIALS_DIRECTORY", None)
                else:
                    os.environ["CREDENTIALS_DIRECTORY"] = before
        return found("broker_ok", host=host, port=port, node=file.node)


def as_running(node: str, state: Service) -> BoxFinding:
    """Return what a running program says of itself to systemd."""
    is_well = state.active == "active" and state.status in {"", ALIVE}
    return found("node_runs" if is_well else "node_waits", node=node, status=state.status or state.active)


def of_program(node: str, told: bytes, complaint: bytes) -> Iterator[BoxFinding]:
    """Return a program's own findings, worded by itself."""
    try:
        findings = json.loads(told)["findings"]
        for each in findings:
            if (each["device"], each["light"]) == ("kiosk", "red"):  # it says that it runs, and holds its devices
                yield found("node_untested", node=node)
                continue
            key = _LIGHTS[each["light"]]
            yield found(key, node=node, device=str(each["device"]), detail=str(each["text"]))
    except (ValueError, KeyError, TypeError):
        lines = complaint.decode(errors="replace").strip().splitlines()
        yield found("node_check_broke", node=node, problem=lines[-1][:200] if lines else "it said nothing")


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the terminal's language."""
    return Language.ZH if environment.get("LC_ALL", environment.get("LANG", "")).startswith("zh") else Language.EN
