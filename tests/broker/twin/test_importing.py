"""Another vendor's export: every row is kept, skipped or bad, and the hall sees its own days before it buys."""

from pathlib import Path

import pytest

from broker.config import BrokenConfig, load_hall
from broker.twin.chronicle import Note
from broker.twin.import_map import load_map
from broker.twin.recorded_file import recorded_days
from broker.twin.refusals import CannotSimulate
from hallcall.import_records import main
from hallcall.whatif import main as whatif

GOLDEN = Path(__file__).parent / "golden" / "import"
MINUTE_MS = 60_000

HEAD = "took,called,started,took_s,ended,what,who,window,state\n"
SMALL = """
times = ["%Y-%m-%d %H:%M"]
bad_percent = 50
[columns]
issued = "took"
called = "called"
started = "started"
ended = "ended"
duration = "took_s"
service = "what"
priority_class = "who"
counter = "window"
[[services]]
ours = "bill"
theirs = ["fee"]
[[classes]]
ours = "courtesy"
theirs = ["old"]
[[left]]
column = "state"
words = ["gone"]
"""
DAY = "2026-10-12 "


def written(tmp_path: Path, rows: list[str], how: str = SMALL) -> list[str]:
    """Arguments for an export of these rows."""
    (tmp_path / "export.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    (tmp_path / "map.toml").write_text(how, encoding="utf-8")
    return [str(tmp_path / "export.csv"), "--map", str(tmp_path / "map.toml")]


def good(took: str = "09:00") -> str:
    return f"{DAY}{took},{DAY}{took},,,{DAY}{took[:2]}:59,fee,,1,"


def test_the_golden_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "arrivals.csv"
    export = GOLDEN / "export.csv"
    assert main([str(export), "--map", str(GOLDEN / "map.toml"), "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == (GOLDEN / "arrivals.csv").read_text(encoding="utf-8")
    assert capsys.readouterr().err == (
        f"{export}:16: took 355 min, more than longest_min; nobody ended it\n"
        "14 rows read, 11 kept, 2 skipped, 1 bad\n"
        "  of those kept: 1 left before they were served\n"
        "  of those kept: 1 with the mean of their service, which was not seen\n"
        "  skipped: 1 x 作废\n"
        "  skipped: 1 x 测试\n"
        "  bad: 1 x took … min, more than longest_min; nobody ended it\n"
    )


def test_a_hall_sees_its_own_days_before_it_buys(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(GOLDEN / "arrivals.csv"), "--hall", str(GOLDEN / "hall.toml"), "--policy", "share", "--lang", "en"]
    assert whatif(arguments) == 0
    said = capsys.readouterr().out
    assert "2026-10-12 to 2026-10-13, 2 days" in said
    assert "B003    Courtesy  New supply  18.0 → 5.7   -12.3      18.0" in said
    assert "the twin gives a mean wait of 5.5 min (recorded: 5.5)" in said
    assert "their first call to their last end, as nothing else is known: 2." in said


def test_what_counters_did_between_two_customers_is_part_of_the_service() -> None:
    first, second = recorded_days(GOLDEN / "arrivals.csv", load_hall(GOLDEN / "hall.toml"))
    assert [stay.arrival.service_ms // 1000 for stay in first.stays if stay.counter == 1] == [390, 410, 390, 260, 300]
    assert [stay.arrival.at_ms // MINUTE_MS for stay in second.stays] == [510, 512]
    assert first.notes == {Note.NO_SHOW: 1, Note.INFERRED: 1}


def test_without_calls_and_counters_all_are_staffed_and_nothing_can_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text("arrival,service,class,service_s\n0,bill,ordinary,600\n60,bill,ordinary,600\n", encoding="utf-8")
    assert whatif([str(file), "--hall", str(GOLDEN / "hall.toml"), "--close", "3", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "Days on which nothing is known of the counters: 1." in said
    assert "the record does not say when customers were called" in said
    assert "0.0 → 9.0" in said


def test_a_counter_that_the_hall_has_not_is_a_bad_row(tmp_path: Path) -> None:
    file = tmp_path / "arrivals.csv"
    file.write_text("arrival,service,class,service_s,called,counter\n0,bill,ordinary,60,5,8\n", encoding="utf-8")
    with pytest.raises(CannotSimulate, match=r"arrivals\.csv:2: 8 is no counter of the hall; it has 1, 3"):
        recorded_days(file, load_hall(GOLDEN / "hall.toml"))


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        (f"{DAY}09:00,{DAY}09:05,{DAY}09:06,,{DAY}09:10,fee,old,3号,", "courtesy,300,,2026-10-12T09:05:00+08:00,3,"),
        (f"{DAY}09:00,{DAY}09:05,{DAY}09:06,120,,fee,,1,", "ordinary,180,,2026-10-12T09:05:00+08:00,1,"),
        (f"{DAY}09:00,,{DAY}09:06,,{DAY}09:10,fee,,,", "ordinary,240,,2026-10-12T09:06:00+08:00,,"),
        (f"{DAY}09:00,,,90,,fee,,,", "ordinary,90,,,,"),
        (f"{DAY}09:00,{DAY}09:10,,,,fee,,1,gone", "ordinary,0,300,,,"),
        (f"{DAY}09:00,,,,{DAY}09:07,fee,,,gone", "ordinary,0,420,,,"),
    ],
)
def test_a_row_says_how_long_the_counter_was_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, kept: str
) -> None:
    assert main(written(tmp_path, [row])) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"2026-10-12T09:00:00+08:00,bill,{kept}"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",,,,,fee,,,", "took is empty"),
        ("soon,,,90,,fee,,,", "took: soon is not written as %Y-%m-%d %H:%M"),
        (f"{DAY}09:00,,,90,,gold,,,", "what: gold is not in [[services]]"),
        (f"{DAY}09:00,,,90,,fee,vip,,", "who: vip is not in [[classes]]"),
        (f"{DAY}09:00,{DAY}08:00,,,{DAY}09:10,fee,,,", "called at 08:00:00, before the number was taken at 09:00:00"),
        (f"{DAY}09:00,{DAY}09:05,,,{DAY}09:01,fee,,,", "ended before it began"),
        (f"{DAY}09:00,{DAY}09:05,,,{DAY}09:05,fee,,,", "took no time at all"),
        (f"{DAY}09:00,{DAY}09:05,,,,fee,,,", "nothing says how long it took; rows of people who left belong under"),
        (f"{DAY}09:00,,,soon,,fee,,,", "took_s: soon is no number"),
        (f"{DAY}09:00,,,,,fee,,,gone", "left, and nothing says when: neither a call nor an end"),
    ],
)
def test_a_bad_row_is_said_with_its_line_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, said: str
) -> None:
    assert main(written(tmp_path, [good(), row])) == 0
    told = capsys.readouterr()
    assert f"export.csv:3: {said}" in told.err
    assert "2 rows read, 1 kept, 0 skipped, 1 bad" in told.err
    assert len(told.out.splitlines()) == 2


def test_too_many_bad_rows_write_nothing_unless_they_are_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [f"{DAY}09:00,,,90,,gold,,,"] * 30
    arguments = written(tmp_path, [good(), *bad])
    out = tmp_path / "out.csv"
    assert main([*arguments, "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "… and 10 more bad rows" in said
    assert "bad: 30 x what: gold is not in [[services]]" in said
    assert "96.8 % of the rows are bad, more than bad_percent = 50; nothing was written" in said
    assert not out.exists()
    assert main([*arguments, "--out", str(out), "--accept-bad"]) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


def test_durations_may_be_minutes_or_a_clock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for unit, text, seconds in (("min", "1.5", 90), ("h:m:s", "1:02:03", 3723), ("h:m:s", "2:30", 150)):
        how = SMALL.replace("bad_percent", f'duration_in = "{unit}"\nbad_percent')
        assert main(written(tmp_path, [f"{DAY}09:00,,,{text},,fee,,,"], how)) == 0
        assert f"ordinary,{seconds}," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 a workbook", "is an Excel workbook; open it and save it as CSV"),
        (HEAD.encode() + "电".encode("gb18030"), 'export.csv:2: not utf-8; try encoding = "gb18030" in the map'),
        (b"took,what\n", "no column called, ended, started, state, took_s, who, window; there are took, what"),
        (b"", "no line 1 with the names of the columns"),
        (HEAD.encode(), "nothing to keep"),
    ],
)
def test_a_file_that_is_not_what_its_map_says_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    arguments = written(tmp_path, [])
    (tmp_path / "export.csv").write_bytes(content)
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_all_that_is_wrong_in_a_map_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        'encodin = "utf-8"\n[columns]\nissued = "took"\nservice = "what"\nstarts = "x"\n[[services]]\nours = "Bill"\n',
        encoding="utf-8",
    )
    with pytest.raises(BrokenConfig) as error:
        load_map(path)
    said = str(error.value)
    assert "map.toml:1: encodin: unknown key; did you mean encoding?" in said
    assert "map.toml:5: columns.starts: unknown key; did you mean started?" in said
    assert "map.toml:7: services[1].ours:" in said
    assert "services[1].theirs: missing; give a list" in said


def test_what_a_map_must_agree_in_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        'timezone = "Asia/Beijing"\n[columns]\nissued = "took"\nservice = "what"\n[[services]]\nours = "bill"\n'
        'theirs = ["fee"]\n[[services]]\nours = "new"\ntheirs = ["fee"]\n',
        encoding="utf-8",
    )
    with pytest.raises(BrokenConfig) as error:
        load_map(path)
    said = str(error.value)
    assert "map.toml:1: timezone: no such time zone: Asia/Beijing" in said
    assert "map.toml:2: columns: neither ended nor duration" in said
    assert "map.toml:10: services[2].theirs[1]: fee stands already in line 7" in said
