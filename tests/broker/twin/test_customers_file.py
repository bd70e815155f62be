"""A file of recorded customers: played as it says, or every bad row named."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from broker.contract.messages import GivenBy, Hall
from broker.twin.customers_file import arrivals, service_times
from broker.twin.refusals import CannotSimulate

from .cases import a_hall

HEAD = "arrival,service,class,service_s,patience_s\n"


@pytest.fixture
def hall() -> Hall:
    return a_hall()


def written(folder: Path, text: str) -> Path:
    file = folder / "march.csv"
    file.write_text(text, encoding="utf-8")
    return file


def complaint(file: Path, hall: Hall) -> list[str]:
    with pytest.raises(CannotSimulate) as refused:
        arrivals(file, hall)
    return str(refused.value).replace(str(file), "march.csv").splitlines()


def test_seconds_are_read_to_the_millisecond_and_begin_with_the_first(tmp_path: Path, hall: Hall) -> None:
    file = written(tmp_path, HEAD + "100.5,bill,high,60.25,\n\n100,bill,,30,90\n")
    first, second = arrivals(file, hall)
    assert (first.at_ms, first.priority_class, first.service_ms, first.patience_ms) == (0, "ordinary", 30_000, 90_000)
    assert (second.at_ms, second.priority_class, second.service_ms, second.patience_ms) == (500, "high", 60_250, None)


def test_times_are_the_hall_s_unless_they_say_otherwise(tmp_path: Path, hall: Hall) -> None:
    times = ("2026-03-02 09:00:00", "2026-03-02T01:00:30Z", "2026-03-02T09:01:00+08:00")
    rows = "".join(f"{each},bill,high,60,\n" for each in times)
    assert [each.at_ms for each in arrivals(written(tmp_path, HEAD + rows), hall)] == [0, 30_000, 60_000]


def test_columns_may_stand_in_any_order_and_others_beside_them(tmp_path: Path, hall: Hall) -> None:
    file = written(tmp_path, "\ufeffclass,clerk,service_s,arrival,service\nhigh,li,5,0,bill\n")
    assert arrivals(file, hall)[0].service_ms == 5000


def test_every_bad_row_is_named(tmp_path: Path, hall: Hall) -> None:
    rows = "0,bill,high,60,\n-1,bill,high,60,\nsoon,bill,high,60,\n3,bll,vip,-5,x\n4,bill,high,,\n5,bill,high,nan,-2\n"
    assert complaint(written(tmp_path, HEAD + rows), hall) == [
        "march.csv:3: arrival -1 is negative; give seconds from 0 on",
        'march.csv:4: arrival "soon" is neither seconds nor a time such as 2026-03-02T09:15:00',
        "march.csv:5: service_s -5 is negative; give seconds from 0 on",
        'march.csv:5: patience_s "x" is not a number; give seconds',
        'march.csv:5: the hall has no service "bll"; it has bill',
        "march.csv:6: service_s is empty; give seconds",
        'march.csv:7: service_s "nan" is not a number; give seconds',
        "march.csv:7: patience_s -2 is negative; give seconds from 0 on",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("arrival,service\n0,bill\n", "march.csv:1: no column class, service_s; the first line must name the columns "),
        ("", "march.csv:1: no column arrival, service, class, service_s; the first line must name"),
        (HEAD, "march.csv: no customers; give at least one row below the names of the columns"),
        ("arrival,arrival,service,class,service_s\n", "march.csv:1: the column arrival is there twice; name it once"),
        (
            HEAD + "0,bill,high,6,\n2026-03-02T09:00:00,bill,high,6,\n",
            "march.csv: some rows hold seconds and others times",
        ),
        (HEAD + "0,bill,vip,6,\n", 'march.csv:2: the hall has no class "vip"; it has high, ordinary'),
    ],
)
def test_a_file_that_cannot_be_played_says_why(tmp_path: Path, hall: Hall, text: str, said: str) -> None:
    assert complaint(written(tmp_path, text), hall)[0].startswith(said)


def test_a_comma_too_many_is_not_taken_for_a_shorter_service(tmp_path: Path, hall: Hall) -> None:
    """A decimal comma would otherwise cut 60,5 seconds to 60."""
    file = written(tmp_path, "arrival,service,class,service_s\n0,bill,high,60,5\n1,bill,high,60,,\n")
    assert complaint(file, hall) == [
        'march.csv:2: "5" stands beyond the last column; put cells that hold a comma in quotes'
    ]


def test_columns_without_a_name_are_left_alone(tmp_path: Path, hall: Hall) -> None:
    file = written(tmp_path, "arrival,service,class,service_s,,\n0,bill,high,60,seen,li\n")
    assert arrivals(file, hall)[0].service_ms == 60_000


def test_a_file_that_is_not_there_says_so(tmp_path: Path, hall: Hall) -> None:
    assert complaint(tmp_path / "march.csv", hall) == ["march.csv: cannot be read: No such file or directory"]


def test_a_file_in_another_encoding_says_so(tmp_path: Path, hall: Hall) -> None:
    file = tmp_path / "march.csv"
    file.write_bytes(HEAD.encode() + "0,电费,high,60,\n".encode("gb18030"))
    assert complaint(file, hall) == ["march.csv: not UTF-8; save the file as CSV in UTF-8"]


def test_classes_that_cannot_come_are_refused(tmp_path: Path, hall: Hall) -> None:
    high, ordinary = hall.classes
    file = written(tmp_path, HEAD + "0,bill,high,60,\n")
    nobody = replace(hall, classes=(replace(high, given_by=GivenBy.NOBODY), ordinary))
    assert complaint(file, nobody) == [
        'march.csv:2: nobody gives the class "high" (given_by = "nobody"); change given_by or take another'
    ]
    booked = replace(hall, classes=(replace(high, appointment=True), ordinary))
    assert complaint(file, booked) == [
        'march.csv:2: the class "high" waits from a booked time, and none is given; take another class'
    ]
    reserved = replace(hall, counters=(replace(hall.counters[0], reserved_for=("ordinary",)),))
    (said,) = complaint(file, reserved)
    assert said.startswith('march.csv:2: no counter takes the class "high" for the service "bill"; look at')


def test_a_booked_time_makes_an_appointment(tmp_path: Path, hall: Hall) -> None:
    booked = replace(hall, classes=(replace(hall.classes[0], appointment=True), hall.classes[1]))
    file = written(tmp_path, "arrival,service,class,service_s,booked\n100,bill,high,60,1900\n")
    assert arrivals(file, booked)[0].booked_ms == 1_800_000


def test_measured_service_times_are_read_and_checked(tmp_path: Path) -> None:
    assert service_times(written(tmp_path, "service_s\n12.5\n300\n")) == [12_500, 300_000]
    with pytest.raises(CannotSimulate, match="no column service_s"):
        service_times(written(tmp_path, "seconds\n12\n"))
    with pytest.raises(CannotSimulate, match="no service times above 0"):
        service_times(written(tmp_path, "service_s\n0\n"))
