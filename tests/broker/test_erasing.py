"""Secrets are overwritten where they lie, and nothing else is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from broker.erasing import GONE, erase, finish_erasing


def test_what_is_erased_is_zeros_wherever_else_it_has_a_name(tmp_path: Path) -> None:
    path, also = tmp_path / "key", tmp_path / "also"
    path.write_bytes(b"secret")
    also.hardlink_to(path)
    erase(path)
    assert not path.exists()
    assert also.read_bytes() == bytes(6)
    erase(path)  # nothing is there


def test_a_link_is_taken_away_and_what_it_names_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "passwd").write_bytes(b"root")
    (tmp_path / "key").symlink_to("passwd")
    erase(tmp_path / "key")
    assert (tmp_path / "passwd").read_bytes() == b"root"
    assert not (tmp_path / "key").is_symlink()


@pytest.mark.parametrize("go_on", [finish_erasing, lambda folder: erase(folder / "key")])
def test_what_the_power_left_is_overwritten_by_the_next_start_and_by_the_next_to_be_erased(
    tmp_path: Path, go_on: Callable[[Path], None]
) -> None:
    (tmp_path / GONE).write_bytes(b"secret")
    (tmp_path / "key").write_bytes(b"other")
    (tmp_path / "also").hardlink_to(tmp_path / GONE)
    go_on(tmp_path)
    assert (tmp_path / "also").read_bytes() == bytes(6)
    assert not (tmp_path / GONE).exists()
