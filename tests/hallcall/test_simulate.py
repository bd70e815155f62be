"""`hallcall simulate`, as somebody types it who wants to know how a hall would do."""

import json
from pathlib import Path

import pytest

from hallcall.__main__ import main
from hallcall.simulate import Bar

HALL = """\
id = "east"
name = { zh = "东厅", en = "East hall" }

[[zones]]
id = "main"
name = { zh = "一区", en = "Zone 1" }

[[services]]
id = "bill"
name = { zh = "电费", en = "Bills" }
prefix = "A"
zone = "main"

[[counters]]
number = 1
zone = "main"
skills = ["bill"]

[[counters]]
number = 2
zone = "main"
skills = ["bill"]

[[nodes]]
id = "kiosk-1"
role = "kiosk"

[[classes]]
id = "high"
name = { zh = "优先", en = "High" }
target_min = 5

[[classes]]
id = "ordinary"
name = { zh = "普通", en = "Ordinary" }
"""
SIMULATE = """
[simulate]
customers = 1000
warm_up = 100

[[simulate.arrivals]]
service = "bill"
priority_class = "high"
per_min = 0.1

[[simulate.arrivals]]
service = "bill"
by_hour = [0.1, 0.2, 0.3]
from_hour = 9

[[simulate.service_times]]
kind = "lognormal"
mean_min = 5
cv = 0.8
"""


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    file = tmp_path / "hall.toml"
    file.write_text(HALL + SIMULATE, encoding="utf-8")
    return file


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["simulate", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["simulate", *map(str, arguments)]) == 1
    output = capsys.readouterr()
    assert not output.out
    return output.err


def test_the_figures_are_one_json_object_the_same_each_time(hall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = told(capsys, hall, "--json")
    assert told(capsys, hall, "--json") == first
    figures = json.loads(first)
    assert (figures["customers"], figures["warm_up_customers"], figures["seed"]) == (1000, 100, 1)
    assert figures["by_class"]["high"]["target_min"] == 5
    assert figures["by_service_and_class"]["bill"]["ordinary"]["batches"] == 20
    assert [each["counter"] for each in figures["counters"]] == [1, 2]
    assert told(capsys, hall, "--json", "--seed", 2) != first


def test_another_policy_meets_the_same_customers(hall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    share, strict = (json.loads(told(capsys, hall, "--json", "--policy", each)) for each in ("share", "strict"))
    assert (share["policy"], strict["policy"]) == ("share", "strict")
    assert share["by_class"]["high"]["customers"] == strict["by_class"]["high"]["customers"]
    assert share["by_class"]["high"]["mean_wait_min"] > strict["by_class"]["high"]["mean_wait_min"]


def test_the_table_says_what_was_played(hall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, hall, "--customers", 200, "--warm-up", 0, "--policy", "fcfs").splitlines()
    assert lines[0] == "east: 200 customers drawn, policy fcfs, seed 1"
    assert [line.split()[0] for line in lines[3:7]] == ["customers", "all", "high", "ordinary"]
    assert lines[-1].startswith("Utilisation 0.")


def test_days_are_played_by_the_clock(hall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = json.loads(told(capsys, hall, "--days", 3, "--json"))
    assert figures["days"] == 3
    assert figures["by_class"]["ordinary"]["customers"] == pytest.approx(3 * 36, abs=30)


def test_recorded_customers_need_no_simulate_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hall, march = tmp_path / "hall.toml", tmp_path / "march.csv"
    hall.write_text(HALL, encoding="utf-8")
    march.write_text(
        "arrival,service,class,service_s\n0,bill,ordinary,300\n0,bill,ordinary,600\n60,bill,high,60\n", encoding="utf-8"
    )
    figures = json.loads(told(capsys, hall, "--arrivals", march, "--json"))
    assert figures["seed"] is None
    assert figures["by_class"]["high"]["mean_wait_min"] == 4
    assert figures["simulated_min"] == 10
    assert [each["utilisation"] for each in figures["counters"]] == [0.6, 1.0]


def test_measured_service_times_lie_beside_the_hall_file(
    hall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HALL + SIMULATE.replace('"lognormal"\nmean_min = 5\ncv = 0.8', '"empirical"\nfile = "times.csv"')
    hall.write_text(text, encoding="utf-8")
    (tmp_path / "times.csv").write_text("service_s\n60\n", encoding="utf-8")
    figures = json.loads(told(capsys, hall, "--json"))
    assert figures["counters"][0]["busy_min"] == pytest.approx(figures["counters"][0]["served"], abs=1.1)
    (tmp_path / "times.csv").write_text("service_s\nlong\n", encoding="utf-8")
    assert refused(capsys, hall) == f'{tmp_path}/times.csv:2: service_s "long" is not a number; give seconds\n'


def test_a_hall_file_without_the_table_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hall = tmp_path / "hall.toml"
    hall.write_text(HALL, encoding="utf-8")
    assert "no table [simulate], which says who comes" in refused(capsys, hall)


def test_too_much_work_is_refused(hall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hall.write_text(HALL + SIMULATE.replace("per_min = 0.1", "per_min = 0.4"), encoding="utf-8")
    assert refused(capsys, hall).startswith("load 1.0")


def test_the_table_is_checked_with_the_hall_file_and_ignored_by_the_hall(
    hall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check-config", str(hall)]) == 0
    assert capsys.readouterr().out == f"{hall}: ok (Hall)\n"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("cv = 0.8", "cv = -0.8", "simulate.service_times[1].cv: -0.8 does not fit; give a number from 0 to 100"),
        ("cv = 0.8", "", "simulate.service_times[1].cv: missing; give standard deviation divided by mean"),
        ('"lognormal"', '"exponential"', 'simulate.service_times[1].cv: only for kind = "lognormal"; remove it'),
        ('"lognormal"', '"lognomal"', 'simulate.service_times[1].kind: "lognomal" is not one of'),
        ("mean_min = 5", "", "simulate.service_times[1].mean_min: missing; give the mean in minutes"),
        ("from_hour = 9", "", "simulate.arrivals[2].by_hour: 3 numbers; give 24, from midnight on, or say with from_h"),
        ("from_hour = 9", "from_hour = 22", "simulate.arrivals[2].by_hour: 3 numbers from hour 22 on go past midnight"),
        ("per_min = 0.1", "", "simulate.arrivals[1]: give per_min or by_hour, and not both: arrivals per minute"),
        ("per_min = 0.1", "per_min = -1", "simulate.arrivals[1].per_min: "),
        ('"high"\nper', '"hihg"\nper', 'simulate.arrivals[1].priority_class: "hihg" is not there; classes are: high'),
        ('"bill"\nby', '"bil"\nby', 'simulate.arrivals[2].service: "bil" is not there; services are: bill'),
        ('priority_class = "high"\n', "", "simulate.arrivals[2]: the same service and class as in line "),
        ("warm_up", "warmup", "simulate.warmup: unknown key; did you mean warm_up?"),
    ],
)
def test_what_is_wrong_with_the_table_is_said(
    hall: Path, capsys: pytest.CaptureFixture[str], right: str, wrong: str, said: str
) -> None:
    assert right in SIMULATE
    hall.write_text(HALL + SIMULATE.replace(right, wrong, 1), encoding="utf-8")
    assert said in refused(capsys, hall)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--customers", "0"), "0 is not 1 or more"),
        (("--customers", "many"), "many is not a whole number"),
        (("--seed", "-1"), "-1 is negative"),
        (("--policy", "luck"), "invalid choice: 'luck'"),
        (("--days", "2", "--customers", "3"), "not allowed with"),
        (("--days", "2", "--warm-up", "3"), "--warm-up goes with --customers only"),
    ],
)
def test_nonsense_is_refused_with_how_to_use_it(
    hall: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", str(hall), *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_where_nobody_looks_progress_is_a_percentage_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Bar(since_s=-100) as bar:
        bar.show(500, 1000)
        bar.show(501, 1000)
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "50 %\n")
