"""Who is signed in and for how long, how slowly PINs are tried, what is kept on disk, and notes that last a day."""

import os
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hallcall.__main__ import main
from web.notes import Note, Notes
from web.pins import BrokenPins, Pins, WebRole
from web.session_file import SessionFile
from web.sessions import Doorman, Ending, Session, Sessions, page_token

HOUR_S = 3600.0
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def session(at_s: float, clerk: str = "0731") -> Session:
    return Session(clerk=clerk, role=WebRole.CLERK, counter=3, began_s=at_s, acted_s=at_s)


@pytest.mark.parametrize(
    ("acts_s", "asked_s", "ending"),
    [
        ((), 1799, None),
        ((), 1800, Ending.IDLE),
        ((1000,), 2799, None),
        ((1000,), 2800, Ending.IDLE),
        (tuple(range(1000, 43_200, 1000)), 43_199, None),
        (tuple(range(1000, 43_200, 1000)), 43_200, Ending.LONGEST),
    ],
)
def test_a_session_ends_without_an_act_for_half_an_hour_and_after_twelve_hours_in_any_case(
    acts_s: tuple[float, ...], asked_s: float, ending: Ending | None
) -> None:
    sessions = Sessions(idle_s=0.5 * HOUR_S, longest_s=12 * HOUR_S).began("token", session(0))
    last = session(0)
    for act_s in acts_s:
        sessions = sessions.acted("token", act_s)
        last = sessions.find("token", act_s) or last
    assert (sessions.find("token", asked_s) is None) is (ending is not None)
    assert ending is None or sessions.why_over(last, asked_s) is ending


def test_a_stranger_s_token_finds_nobody_and_what_pages_say_does_not_tell_the_cookie() -> None:
    sessions = Sessions(idle_s=60, longest_s=60).began("token", session(0))
    assert sessions.find("Token", 1) is None
    assert sessions.find("", 1) is None
    assert sessions.find(page_token("token"), 1) is None
    assert sessions.ended("token").find("token", 1) is None


def test_after_five_wrong_pins_one_waits_and_longer_each_time() -> None:
    doorman, keys, now_s, waits = Doorman(), ("clerk 0731", "from here"), 0.0, []
    for _ in range(12):
        doorman.tries(keys, now_s)
        waits.append(doorman.wait_s(keys, now_s))
        now_s += waits[-1]
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert doorman.wait_s(("clerk 0731",), now_s - 1) > 0
    doorman.came_in(keys)
    assert doorman.wait_s(keys, 0) == 0


def test_a_flood_of_names_is_forgotten_before_one_who_has_to_wait() -> None:
    doorman = Doorman()
    for _ in range(6):
        doorman.tries(("clerk 0731",), 0)
    for number in range(5000):
        doorman.tries((f"clerk {number}",), 0)
    assert doorman.wait_s(("clerk 0731",), 1) > 0


def test_sessions_come_back_from_disk_and_a_broken_file_signs_everybody_out(tmp_path: Path) -> None:
    path = tmp_path / "state" / "sessions.json"
    kept = SessionFile(path, idle_s=60, longest_s=600)
    kept.keep(kept.sessions.began("token", session(0)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"token" not in path.read_bytes()
    assert SessionFile(path, idle_s=60, longest_s=600).sessions.find("token", 59) == session(0)
    path.write_bytes(b"{")
    assert SessionFile(path, idle_s=60, longest_s=600).sessions.find("token", 59) is None


def test_a_note_is_replaced_by_its_clerk_and_gone_with_the_day(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.sqlite")
    first = Note(at=AT, counter=1, clerk="0731", text="户主本人")
    notes.write("v-1", first, day="2026-11-22")
    notes.write("v-1", Note(at=AT, counter=2, clerk="0802", text="缺照片"), day="2026-11-22")
    notes.write("v-1", Note(at=AT, counter=1, clerk="0731", text="户主本人，已核对"), day="2026-11-22")
    assert sorted(each.text for each in notes.on("v-1")) == ["户主本人，已核对", "缺照片"]
    notes.write("v-1", Note(at=AT, counter=2, clerk="0802", text=""), day="2026-11-22")
    notes.forget_all_but("2026-11-22")
    assert [each.clerk for each in notes.on("v-1")] == ["0731"]
    notes.forget_all_but("2026-11-23")
    notes.close()
    assert all("户主".encode() not in each.read_bytes() for each in tmp_path.iterdir())
    with sqlite3.connect(tmp_path / "notes.sqlite") as db:
        assert db.execute("SELECT count(*) FROM note").fetchone() == (0,)


def test_pins_are_hashed_and_a_clerk_who_is_removed_is_out_at_once(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins.toml")
    assert pins.check("0731", "4711") is None
    pins.store("0731", "4711", WebRole.CLERK)
    pins.store("boss", "82-81", WebRole.SUPERVISOR)
    text = pins.path.read_text(encoding="utf-8")
    assert "4711" not in text
    assert text.count("$argon2id$") == 2
    assert stat.S_IMODE(pins.path.stat().st_mode) == 0o600
    assert (pins.check("0731", "4711"), pins.check("0731", "4712")) == (WebRole.CLERK, None)
    assert (pins.role("0731"), pins.role("boss")) == (WebRole.CLERK, WebRole.SUPERVISOR)
    pins.remove("0731")
    assert pins.role("0731") is None
    pins.path.write_text("broken", encoding="utf-8")
    assert pins.role("boss") is WebRole.SUPERVISOR  # a slip of the editor signs nobody out
    with pytest.raises(BrokenPins, match="hallcall clerk pin"):
        pins.check("boss", "82-81")


def test_the_command_line_gives_and_takes_pins(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, typed = tmp_path / "pins.toml", tmp_path / "typed"

    def clerk(*words: str, pin: str = "") -> int:
        typed.write_text(f"{pin}\n", encoding="utf-8")
        with typed.open() as stream, monkeypatch.context() as patch:
            patch.setattr("sys.stdin", stream)
            old = os.dup(0)
            os.dup2(stream.fileno(), 0)
            try:
                return main(["clerk", *words, "--file", str(file)])
            finally:
                os.dup2(old, 0)
                os.close(old)

    assert clerk("pin", "0731", "--stdin", "--role", "supervisor", pin="4711") == 0
    assert Pins(file).check("0731", "4711") is WebRole.SUPERVISOR
    assert clerk("pin", "0802", "--stdin", pin="12") == 1
    assert "4 to 64 characters" in capfd.readouterr().err
    assert clerk("pin", "Wang Li", "--stdin", pin="1234") == 1
    assert clerk("remove", "0731") == 0
    assert clerk("remove", "0731") == 1
    assert Pins(file).count() == 0
