"""Copies of a hall: made while it is at work, read back, sealed, and put onto a fresh box."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.authority.issuing import Authority, certificate_pem, new_root
from broker.authority.keys import new_key
from broker.authority.sealing import NotOpened, opened, sealed
from broker.contract.messages import DayOpened, Hall, HallConfigured, Recorded
from broker.journal import Entry, Journal, read_day
from broker.last_copy import last_copy
from broker.told import RESTORED
from hallcall.backup import main as backup
from hallcall.copies.making import make
from hallcall.copies.manifest import MANIFEST, OPENED, SEALED, BadCopy, newest, read
from hallcall.copies.places import Places
from hallcall.copies.restoring import open_copy, restore
from hallcall.restore import main as restore_command

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Box:
    """A dispatcher's box with days in its journal, keys, PINs and a registrar."""

    def __init__(self, root: Path, hall: Hall, *, authority: Authority | None, days: int = 4) -> None:
        self.places = Places(root=root)
        self.hall = hall
        self.journal = Journal(self.places.journal)
        self.seq = 0
        for day in range(days):
            self.open((NOW - (days - 1 - day) * DAY).date().isoformat())
        for path, text in [
            (self.places.hall, 'id = "east"\n'),
            (self.places.etc / "pins.toml", "zhang = 'argon2'\n"),
            (self.places.registrar / "issuing.key", "PRIVATE KEY\n"),
        ]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.places.tls.mkdir(parents=True)
        if authority is not None:
            (self.places.tls / "root.crt").write_bytes(certificate_pem(authority.certificate))

    def open(self, day: str) -> None:
        events = []
        for event in (DayOpened(day=day), HallConfigured(hall=self.hall)):
            self.seq += 1
            events.append(Recorded(epoch=1, seq=self.seq, at=NOW, event=event))
        self.journal.append([Entry(node="dispatcher", command="c", answer=None, events=events)])


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_root("east", now=NOW)


@pytest.fixture
def box(tmp_path: Path, small_hall: Hall, authority: Authority) -> Box:
    return Box(tmp_path / "box", small_hall, authority=authority)


def copied(box: Box, medium: Path, *, now: datetime = NOW, keep: int = 3) -> Path:
    medium.mkdir(exist_ok=True)
    return make(box.places, hall="east", medium=medium, keep=keep, now=now)


def test_a_copy_is_made_while_the_journal_is_written(box: Box, tmp_path: Path) -> None:
    copy = copied(box, tmp_path / "stick")
    manifest = read(copy)
    assert (manifest.hall, manifest.day, manifest.seq) == ("east", "2026-11-22", 8)
    assert sorted(manifest.files) == [
        "20261122T120000Z/hall.toml",
        "20261122T120000Z/journal/2026-11-21.sqlite",
        "20261122T120000Z/journal/2026-11-22.sqlite",
        "20261122T120000Z/private.sealed",
        "days/2026-11-19.sqlite",
        "days/2026-11-20.sqlite",
    ]
    box.open("2026-11-23")
    assert read(copied(box, tmp_path / "stick", now=NOW + DAY)).day == "2026-11-23"


def test_no_secret_lies_open_on_the_medium(box: Box, tmp_path: Path) -> None:
    copied(box, tmp_path / "stick")
    for path in (tmp_path / "stick").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert b"PRIVATE" not in content, path
        assert b"argon2" not in content, path


def test_the_oldest_copies_go(box: Box, tmp_path: Path) -> None:
    for days in range(5):
        copied(box, tmp_path / "stick", now=NOW + days * DAY)
    folder = tmp_path / "stick" / "east"
    assert sorted(each.parent.name for each in folder.glob(f"*/{MANIFEST}")) == [
        "20261124T120000Z",
        "20261125T120000Z",
        "20261126T120000Z",
    ]
    assert newest(tmp_path / "stick").name == "20261126T120000Z"


@pytest.mark.parametrize("what", ["changed", "cut off", "gone"])
def test_a_copy_that_is_not_what_was_written_is_refused(box: Box, tmp_path: Path, what: str) -> None:
    copy = copied(box, tmp_path / "stick")
    day = copy / "journal" / "2026-11-22.sqlite"
    if what == "gone":
        day.unlink()
    else:
        with day.open("rb+") as file:
            file.seek(-100, os.SEEK_END)
            _ = file.truncate() if what == "cut off" else file.write(b"x")
    with pytest.raises(BadCopy, match="take an older copy"):
        restore(copy, Places(root=tmp_path / "fresh"), now=NOW, replace=False)
    assert not (tmp_path / "fresh").exists()


def test_a_copy_opened_with_the_authority_makes_a_fresh_box_the_same(
    box: Box, tmp_path: Path, authority: Authority
) -> None:
    copy = copied(box, tmp_path / "stick")
    fresh = Places(root=tmp_path / "fresh")
    with pytest.raises(BadCopy, match="sealed for the hall's root"):
        restore(copy, fresh, now=NOW, replace=False)
    open_copy(copy, key=authority.key)
    manifest = restore(copy, fresh, now=NOW, replace=False)
    assert manifest.seq == 8
    for here, there in zip(box.places.closed.values(), fresh.closed.values(), strict=True):
        for path in (each for each in here.rglob("*") if each.is_file()):
            assert (there / path.relative_to(here)).read_bytes() == path.read_bytes()
    assert [each.event for each in read_day(fresh.journal / "2026-11-22.sqlite")] == [
        DayOpened(day="2026-11-22"),
        HallConfigured(hall=box.hall),
    ]
    assert (fresh.journal / RESTORED).exists()
    assert not (copy / OPENED).exists()  # keys stay nowhere but on the box
    assert (copy / SEALED).exists()


def test_another_halls_authority_opens_nothing(box: Box, tmp_path: Path) -> None:
    with pytest.raises(NotOpened, match="same hall"):
        open_copy(copied(box, tmp_path / "stick"), key=new_key())


@pytest.mark.parametrize("left", [EOFError, KeyboardInterrupt])
def test_who_leaves_at_the_passphrase_gets_no_traceback(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], left: type
) -> None:
    def leaves(_: str) -> str:
        raise left

    make(box.places, hall="east", medium=tmp_path, keep=1, now=NOW)
    monkeypatch.setattr("getpass.getpass", leaves)
    assert restore_command(["--open", str(tmp_path), "--authority", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "\n"


def test_a_copy_on_another_box_than_the_dispatchers_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup(["--root", str(tmp_path), "--to", str(tmp_path)]) == 2
    assert "copies are made on the dispatcher's box" in capsys.readouterr().err


@pytest.mark.parametrize("cut", [0, 10, 50, 90])
def test_a_damaged_seal_is_never_opened(authority: Authority, cut: int) -> None:
    file = sealed(b"keys", root=authority.certificate)
    assert opened(file, key=authority.key) == b"keys"
    with pytest.raises(NotOpened):
        opened(file[:cut], key=authority.key)


def test_a_journal_that_is_there_is_put_aside_only_when_asked(box: Box, tmp_path: Path) -> None:
    copy = copied(box, tmp_path / "stick")
    box.open("2026-11-23")
    with pytest.raises(BadCopy, match="--replace"):
        restore(copy, box.places, now=NOW, replace=False)
    restore(copy, box.places, now=NOW, replace=True)
    assert [each.name for each in sorted(box.places.journal.glob("*.sqlite"))][-1] == "2026-11-22.sqlite"
    assert list(box.places.journal.glob("before-restore-*/2026-11-23.sqlite"))
    restore(copy, box.places, now=NOW + DAY, replace=False)  # again, after a power cut in the middle


def test_a_copy_on_the_journals_own_disk_is_no_copy(
    tmp_path: Path, small_hall: Hall, capsys: pytest.CaptureFixture[str]
) -> None:
    box = Box(tmp_path / "box", small_hall, authority=None, days=1)
    config = box.places.etc / "nodes" / "dispatcher.toml"
    config.parent.mkdir()
    config.write_text(
        'node = "dispatcher"\nhall = "east"\nstate_dir = "/s"\nhall_file = "/h"\n'
        '[broker]\nport = 1883\npassword_file = "p"\n',
        encoding="utf-8",
    )
    (tmp_path / "stick").mkdir()
    assert backup(["--root", str(box.places.root), "--to", str(tmp_path / "stick")]) == 2
    assert "would be lost with it" in capsys.readouterr().err
    assert "lost with it" in last_copy(box.places.last).wrong
    assert backup(["--root", str(box.places.root), "--to", str(tmp_path / "stick"), "--same-disk"]) == 0
    assert last_copy(box.places.last).wrong == ""
    assert last_copy(box.places.last).made_at is not None
