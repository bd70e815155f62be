"""Releases on the technician's laptop: keys, signed bundles, what is given to a hall."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from broker.joining.words import RolloutTold
from hallcall.image.bundle import NoBundle as NotMade
from hallcall.image.bundle import bundle
from hallcall.image.recipe import Arch
from hallcall.update import key
from hallcall.update.give import NoBundle, in_words, read, read_all

pytestmark = pytest.mark.skipif(
    shutil.which("rauc") is None or shutil.which("mksquashfs") is None, reason="rauc and squashfs-tools: ./run test"
)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    key.write(tmp_path / "keys", passphrase="", now=datetime.now(UTC))
    return tmp_path / "keys"


def built(folder: Path, version: str, arch: Arch = Arch.AMD64) -> Path:
    """Return a cache as `./run image` leaves it."""
    told = folder / f"root-{arch}/usr/lib/hallcall/release"
    told.parent.mkdir(parents=True)
    told.write_text(f"{version}\n")
    squashed = folder / f"parts-{arch}/root.squashfs"
    squashed.parent.mkdir()
    subprocess.run(["mksquashfs", str(told.parent), str(squashed), "-quiet", "-no-progress"], check=True)
    return folder


def test_a_signed_bundle_says_what_it_is_and_rauc_takes_it_under_the_authority_of_the_images(
    keys: Path, tmp_path: Path
) -> None:
    signer = keys / f"{key.SIGNER}.key"
    made = bundle(built(tmp_path / "cache", "0.2.0"), Arch.AMD64, key=signer, out=None, plain=False)
    assert made.name == "hallcall-0.2.0-amd64.raucb"
    assert read(made)[1:] == ("amd64", "0.2.0")
    info = ["rauc", f"--keyring={keys / key.AUTHORITY}.crt", "info", "--output-format=json", str(made)]
    said = subprocess.run(info, capture_output=True, text=True, check=True).stdout
    assert '"compatible":"hallcall-amd64","version":"0.2.0"' in said
    key.write(tmp_path / "others", passphrase="", now=datetime.now(UTC))
    info[1] = f"--keyring={tmp_path / 'others' / key.AUTHORITY}.crt"
    refused = subprocess.run(info, capture_output=True, text=True, check=False)
    assert refused.returncode
    assert "signature" in refused.stderr


def test_keys_are_locked_and_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "passphrase").write_text("correct horse battery\n")
    where = ["--to", str(tmp_path / "keys"), "--passphrase-file", str(tmp_path / "passphrase")]
    assert key.main(where) == 0
    locked = tmp_path / "keys" / f"{key.SIGNER}.key"
    assert locked.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TypeError):
        load_pem_private_key(locked.read_bytes(), None)
    load_pem_private_key(locked.read_bytes(), b"correct horse battery")
    before = locked.read_bytes()
    assert key.main(where) == 1
    assert "is there already" in capsys.readouterr().err
    assert locked.read_bytes() == before


def test_what_cannot_be_signed_is_said_with_what_to_do(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(NotMade, match=r"\./run image --arch arm64"):
        bundle(tmp_path, Arch.ARM64, key=keys / f"{key.SIGNER}.key", out=None, plain=False)
    with pytest.raises(NotMade, match="hallcall update key"):
        bundle(built(tmp_path / "cache", "1"), Arch.AMD64, key=tmp_path / "none.key", out=None, plain=False)


def test_the_bundles_of_one_release_are_given_together(keys: Path, tmp_path: Path) -> None:
    signer = keys / f"{key.SIGNER}.key"
    made = {
        (version, arch): bundle(
            built(tmp_path / f"{version}-{arch}", version, arch), arch, key=signer, out=None, plain=False
        )
        for version, arch in (("0.2.0", Arch.AMD64), ("0.2.0", Arch.ARM64), ("0.3.0", Arch.ARM64))
    }
    pc, pi, newer = made.values()
    assert [each.arch for each in read_all([pc, pi])] == ["amd64", "arm64"]
    with pytest.raises(NoBundle, match=r"several releases: 0\.2\.0, 0\.3\.0"):
        read_all([pc, newer])
    with pytest.raises(NoBundle, match="same kind of machine"):
        read_all([pi, pi])
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8" * 5000)
    with pytest.raises(NoBundle, match="no update bundle"):
        read(tmp_path / "holiday.jpg")


def test_how_far_the_hall_is() -> None:
    assert in_words(RolloutTold()) == "no release is on its way\n"
    told = RolloutTold(version="2.0", done=("board-1",), waits_for=("kiosk-1", "windows"), later=("dispatcher",))
    assert in_words(told).splitlines() == [
        "release 2.0",
        "  confirmed    board-1",
        "  at work      kiosk-1, windows",
        "  later        dispatcher",
    ]
    assert "done" in in_words(RolloutTold(version="2.0", done=("board-1",)))
    assert "done, but for those" in in_words(RolloutTold(version="2.0", done=("board-1",), absent=("kiosk-1",)))
