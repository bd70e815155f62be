"""Runs inside the box that `devices_in_qemu.sh` boots, as root: looks, and asks for cables to be pulled and plugged.

What it wants done stands on its own lines, `DO unplug keypad1`; the host does it. Each finding is a line, `OK …` or
`BAD …`; the last line is `END`.
"""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

ONE, OTHER = "hallcall-counter@counter-1.service", "hallcall-counter@counter-2.service"
DEV = Path("/dev/hallcall")


def systemctl(*words: str) -> str:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False).stdout.strip()


def shown(unit: str, name: str) -> str:
    return systemctl("show", "--value", f"--property={name}", unit)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def judge(text: str, *, good: bool) -> None:
    say(f"{'OK' if good else 'BAD'} {text}")


def until(what: str, is_so: Callable[[], bool], *, seconds: float = 300) -> None:
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            say(f"BAD waited {seconds:.0f} s in vain: {what}")
            return
        time.sleep(0.2)
    say(f"OK {what} (after {time.monotonic() - began:.1f} s)")


def opened_within(unit: str, device: Path) -> str:
    """Try to open a device from inside a unit's group, as root: only the device list can forbid it."""
    group = Path("/sys/fs/cgroup") / shown(unit, "ControlGroup").lstrip("/") / "cgroup.procs"
    child = os.fork()
    if child == 0:
        try:
            group.write_text(str(os.getpid()), encoding="ascii")
            os.close(os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY))
        except OSError as error:
            os._exit(error.errno or 255)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return os.strerror(code) if code else "opened"


def main() -> None:
    until("both counter boxes run", lambda: all(shown(each, "SubState") == "running" for each in (ONE, OTHER)))
    for name in ("keypad1", "keypad2"):
        judge(f"/dev/hallcall/{name} is {os.path.realpath(DEV / name)}", good=(DEV / name).exists())
    for unit in (ONE, OTHER):
        limits = {name: shown(unit, name) for name in ("DeviceAllow", "MemoryMax", "TasksMax")}
        say(f"   {unit}: {limits}")
    first = (DEV / "keypad1").resolve()
    reach(ONE, DEV / "keypad1", "opened")
    reach(ONE, DEV / "keypad2", "Operation not permitted")
    reach(OTHER, DEV / "keypad1", "Operation not permitted")
    reach(ONE, Path("/dev/vdb"), "Operation not permitted")
    pids = shown(ONE, "MainPID"), shown(OTHER, "MainPID")
    say("DO unplug keypad1")
    until("keypad1 is gone", lambda: not (DEV / "keypad1").exists())
    say("DO plug stranger")
    until("a stranger has its number", first.exists)
    reach(OTHER, first, "Operation not permitted")
    until("keypad1's node may not open it", lambda: opened_within(ONE, first) == "Operation not permitted")
    say("DO plug keypad1")
    until("keypad1 is back", (DEV / "keypad1").exists)
    judge(f"it is {(DEV / 'keypad1').resolve()} now, no longer {first}", good=(DEV / "keypad1").resolve() != first)
    until("its node may open it", lambda: opened_within(ONE, DEV / "keypad1") == "opened")
    reach(ONE, first, "Operation not permitted")
    reach(OTHER, DEV / "keypad1", "Operation not permitted")
    judge("both programs ran on", good=(shown(ONE, "MainPID"), shown(OTHER, "MainPID")) == pids)
    until("the node says that it has its keypad again", node_has_line, seconds=60)
    say("END")


def node_has_line() -> bool:
    open_files = Path(f"/proc/{shown(ONE, 'MainPID')}/fd")
    return any(os.path.realpath(each) == os.path.realpath(DEV / "keypad1") for each in open_files.iterdir())


def reach(unit: str, device: Path, wanted: str) -> None:
    found = opened_within(unit, device)
    judge(f"{unit} and {device}: {found}", good=found == wanted)


try:
    main()
finally:
    say(systemctl("--no-pager", "--no-legend", "list-units", "hallcall*", "--failed"))
    said = ["journalctl", "--no-pager", "-q", "-o", "cat", "-u", "hallcall-*", "-n", "60"]
    say(subprocess.run(said, capture_output=True, text=True, check=False).stdout)
    systemctl("poweroff", "--force", "--force")
