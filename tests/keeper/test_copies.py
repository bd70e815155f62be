"""How old the hall's last copy is, as a keeper tells it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from broker.contract.messages import BoxHealth, DeviceState
from broker.last_copy import LastCopy
from keeper.copies import look

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "key", "state"),
    [
        (None, "copy_none", DeviceState.WARNING),
        (LastCopy(tried_at=NOW, wrong="no stick"), "copy_none", DeviceState.WARNING),
        (LastCopy(made_at=NOW - timedelta(hours=1)), "copy_ok", DeviceState.OK),
        (LastCopy(made_at=NOW - timedelta(hours=1), wrong="no stick"), "copy_failed", DeviceState.WARNING),
        (LastCopy(made_at=NOW - timedelta(hours=27)), "copy_old", DeviceState.WARNING),
        (LastCopy(made_at=NOW - timedelta(days=8)), "copy_too_old", DeviceState.FAULT),
    ],
)
def test_a_keeper_says_how_old_the_last_copy_is(
    tmp_path: Path, last: LastCopy | None, key: str, state: DeviceState
) -> None:
    if last is not None:
        (tmp_path / "last.json").write_bytes(msgspec.json.encode(last))
    (finding,) = look(BoxHealth(box="desk"), tmp_path / "last.json", ("dispatcher",), now=NOW).findings
    assert (finding.key, finding.state) == (key, state)


def test_other_boxes_make_no_copies(tmp_path: Path) -> None:
    assert look(BoxHealth(box="k"), tmp_path / "last.json", ("kiosk-1",), now=NOW).findings == ()
