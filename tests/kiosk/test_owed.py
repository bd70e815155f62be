"""What the kiosk owes: whatever a power cut made of the file, the kiosk starts."""

from pathlib import Path

import pytest

from broker.contract.messages import Language
from kiosk.owed import Owed, OwedFile


@pytest.mark.parametrize(
    "left", [b"", b"\0" * 4096, b'[{"take":"boot-1","serv', b'[{"take":"\xff\xfe"', b"\xff" * 4096]
)
def test_a_torn_list_is_forgotten_and_the_kiosk_starts(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "owed.json").write_bytes(left)
    owed = Owed(take="boot-2", service="bill", language=Language.ZH)
    file = OwedFile(tmp_path / "owed.json")
    assert list(file) == []
    file.note(owed)
    assert list(OwedFile(tmp_path / "owed.json")) == [owed]
