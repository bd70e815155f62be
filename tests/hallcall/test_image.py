"""An image of a box: where things lie, what is told of it, and that it is made alike twice."""

import hashlib
import io
import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

from hallcall.image import bill, disk, layout, recipe
from hallcall.image.build import REPOSITORY, main
from hallcall.image.debian import Base
from hallcall.image.layout import MIB, PARTITIONS
from hallcall.image.progress import BuildFailed, Progress
from hallcall.image.recipe import Arch, Role
from hallcall.image.root import command_line

EPOCH = 1_800_000_000
STATUS = """\
Package: chrony
Status: install ok installed
Architecture: amd64
Version: 4.3-2+deb12u1
Installed-Size: 612

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1:1.0
"""
METADATA = """\
Metadata-Version: 2.1
Name: Pillow
Version: 13.0.0
License-Expression: MIT-CMU

A library.
"""
LOCKED = f"pillow==13.0.0 ; sys_platform == 'linux' \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress({"step": 1.0}, tmp_path / "build.log", io.StringIO())


def on_fat(tool: str, file: Path, *arguments: str) -> str:
    environment = {**os.environ, "TZ": "UTC"}
    return subprocess.run(
        [tool, "-i", file, *arguments], capture_output=True, check=True, env=environment
    ).stdout.decode()


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_partitions_follow_one_another_and_fit_on_the_disk() -> None:
    for one, next_ in itertools.pairwise(PARTITIONS):
        assert one.start_mib + one.size_mib == next_.start_mib
    assert PARTITIONS[-1].start_mib + PARTITIONS[-1].size_mib < layout.DISK_MIB


def test_a_root_within_its_budget_leaves_room_in_its_slot() -> None:
    assert layout.BUDGET_MIB < 0.7 * layout.SLOT_MIB
    layout.check_budget(layout.BUDGET_MIB * MIB)
    with pytest.raises(layout.OverBudget, match=f"at most {layout.BUDGET_MIB}"):
        layout.check_budget(layout.BUDGET_MIB * MIB + 1)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_budget_stands_in_the_readme(readme: str) -> None:
    assert f"{layout.BUDGET_MIB} MiB" in (REPOSITORY / readme).read_text(encoding="utf-8")


def test_sfdisk_makes_the_table_of_a_pc_with_the_slots_that_rauc_knows(tmp_path: Path, progress: Progress) -> None:
    image = tmp_path / "pc.img"
    disk.lay_out(image, {}, Arch.AMD64, progress)
    table = json.loads(subprocess.run(["sfdisk", "--json", image], capture_output=True, check=True).stdout)
    rows = table["partitiontable"]["partitions"]
    assert table["partitiontable"]["label"] == "gpt"
    assert [row["start"] * layout.SECTOR // MIB for row in rows] == [each.start_mib for each in PARTITIONS]
    rauc = (REPOSITORY / "systemd/box/rauc/system-amd64.conf").read_text()
    assert [row["name"] for row in rows if f"by-partlabel/{row['name']}\n" in rauc] == ["hallcall-a", "hallcall-b"]


def test_sfdisk_makes_the_table_of_a_pi_s_card_with_the_slots_that_rauc_knows(
    tmp_path: Path, progress: Progress
) -> None:
    image = tmp_path / "pi.img"
    disk.lay_out(image, {}, Arch.ARM64, progress)
    table = json.loads(subprocess.run(["sfdisk", "--json", image], capture_output=True, check=True).stdout)
    assert (table["partitiontable"]["label"], table["partitiontable"]["id"]) == ("dos", "0x48414c4c")
    assert table["partitiontable"]["partitions"][0]["type"] == "c"
    rauc = (REPOSITORY / "systemd/box/rauc/system-arm64.conf").read_text()
    assert "by-partuuid/48414c4c-02" in rauc
    assert "by-partuuid/48414c4c-03" in rauc


@pytest.mark.parametrize(
    ("arch", "slot", "root"),
    [
        (Arch.AMD64, "A", "root=PARTLABEL=hallcall-a"),
        (Arch.AMD64, "B", "root=PARTLABEL=hallcall-b"),
        (Arch.ARM64, "A", "root=PARTUUID=48414c4c-02"),
        (Arch.ARM64, "B", "root=PARTUUID=48414c4c-03"),
    ],
)
def test_each_slot_s_kernel_gets_its_own_root_and_starts_again_after_a_panic(arch: Arch, slot: str, root: str) -> None:
    told = layout.filled_in(command_line(arch, debug=False), slot)
    assert root in told
    assert " ro panic=10 " in told
    assert "@" not in told
    assert "115200" not in told
    assert "115200" in command_line(arch, debug=True)


def test_what_the_update_s_hook_fills_in_is_what_the_image_fills_in() -> None:
    hook = (REPOSITORY / "systemd/image/bundle-hook").read_text()
    for arch in Arch:
        for word in ("@SLOT@", "@SLOT_LOWER@", "@SLOT_PARTITION@"):
            assert word not in command_line(arch, debug=False) or word in hook


def test_the_boot_partition_is_the_same_when_it_is_made_twice(tmp_path: Path, progress: Progress) -> None:
    kernel = tmp_path / "root/usr/lib/hallcall/boot"
    kernel.mkdir(parents=True)
    (kernel / "vmlinuz").write_bytes(b"kernel")
    (kernel / "cmdline.txt").write_text(command_line(Arch.ARM64, debug=False))
    (tmp_path / "root/usr/lib/hallcall/release").write_text("1.2.3\n")
    base = Base(place=tmp_path / "base")
    (base.boot / "firmware").mkdir(parents=True)
    (base.boot / "firmware/start4.elf").write_bytes(b"firmware")
    made = []
    for name in ("one", "two"):
        disk.boot_files(
            tmp_path / name,
            base,
            tmp_path / "root",
            grub=REPOSITORY / "systemd/image/grub.cfg",
            arch=Arch.ARM64,
            debug=False,
            progress=progress,
        )
        disk.fat(tmp_path / name, tmp_path / f"{name}.fat", EPOCH, progress)
        made.append(sha256(tmp_path / f"{name}.fat"))
    assert made[0] == made[1]
    assert "os_prefix=A/" in on_fat("mtype", tmp_path / "one.fat", "::config.txt")
    assert "root=PARTUUID=48414c4c-02" in on_fat("mtype", tmp_path / "one.fat", "::A/cmdline.txt")
    assert "2027-01-15" in on_fat("mdir", tmp_path / "one.fat", "::A")
    listed = on_fat("mdir", tmp_path / "one.fat", "-b")
    assert {"::/A/", "::/B/", "::/hallcall/", "::/start4.elf"} <= set(listed.split())


def test_the_data_partition_is_the_same_when_it_is_made_twice(tmp_path: Path, progress: Progress) -> None:
    for name in ("one", "two"):
        disk.data(tmp_path / name, EPOCH, progress)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    told = subprocess.run(["blkid", "-p", "-o", "export", tmp_path / "one"], capture_output=True, check=True).stdout
    assert b"LABEL=hallcall-data" in told


def test_a_root_is_the_same_whenever_its_files_were_written(tmp_path: Path, progress: Progress) -> None:
    for name in ("one", "two"):
        root = tmp_path / name
        for number in range(20):
            file = root / f"etc/{number}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(str(number))
        disk.squash(root, tmp_path / f"{name}.squashfs", EPOCH, progress)
    assert sha256(tmp_path / "one.squashfs") == sha256(tmp_path / "two.squashfs")


def test_the_bill_names_version_licence_and_hash_of_every_package() -> None:
    copyrights = {"chrony": "Files: *\nLicense: GPL-2\n\nFiles: debian/*\nLicense: BSD-3-clause\n"}
    parts = bill.of_debian(STATUS, copyrights) + bill.of_python([METADATA], LOCKED)
    told = json.loads(bill.cyclonedx(parts, version="1.2.3", arch="amd64", role="node", epoch=EPOCH))
    assert told["bomFormat"] == "CycloneDX"
    chrony, pillow = told["components"]
    assert chrony["purl"] == "pkg:deb/debian/chrony@4.3-2%2Bdeb12u1?arch=amd64"
    assert [each["license"]["name"] for each in chrony["licenses"]] == ["BSD-3-clause", "GPL-2"]
    assert pillow["purl"] == "pkg:pypi/pillow@13.0.0"
    assert [each["license"]["name"] for each in pillow["licenses"]] == ["MIT-CMU"]
    assert [each["value"] for each in pillow["properties"]] == ["a" * 64, "b" * 64]


def test_the_same_packages_make_the_same_bill_and_others_another_number() -> None:
    def number(status: str) -> str:
        told = bill.cyclonedx(bill.of_debian(status, {}), version="1", arch="amd64", role="node", epoch=EPOCH)
        return str(json.loads(told)["serialNumber"])

    assert number(STATUS) == number(STATUS)
    assert number(STATUS) != number(STATUS.replace("4.3-2", "4.3-3"))


def test_a_licence_in_free_words_is_known_by_the_text_that_it_points_to() -> None:
    text = "The full text of the GPL is in /usr/share/common-licenses/GPL-3."
    assert bill.licences_in(text) == ("GPL-3",)


def test_no_package_is_without_a_word_on_its_licence() -> None:
    (chrony,) = bill.of_debian(STATUS, {})
    assert chrony.licences == ("as in /usr/share/doc/chrony/copyright",)
    assert bill.licences_in("Permission is hereby granted, free of charge, to any person …") == ("MIT",)


def test_a_box_gets_what_its_role_needs_and_no_more() -> None:
    assert "mosquitto" in recipe.packages(Arch.AMD64, Role.DISPATCHER)
    assert "mosquitto" not in recipe.packages(Arch.AMD64, Role.KIOSK)
    assert "fonts-wqy-microhei" in recipe.packages(Arch.ARM64, Role.DISPLAY)
    assert "fonts-wqy-microhei" not in recipe.packages(Arch.ARM64, Role.COUNTER)
    every = {name for role in Role for name in recipe.packages(Arch.AMD64, role)}
    assert set(recipe.packages(Arch.AMD64, Role.NODE)) == every


def test_no_box_gets_a_way_in_from_the_network() -> None:
    assert not {"openssh-server", "telnetd", "cockpit"} & set(recipe.packages(Arch.AMD64, Role.NODE))


def test_a_tool_s_failure_says_which_its_last_words_and_what_to_check(progress: Progress) -> None:
    with pytest.raises(
        BuildFailed, match=r"sh ended with 3; the disk is full: make room(.|\n)*No space left on device"
    ):
        progress.run(["sh", "-c", "echo 'write: No space left on device' >&2; exit 3"])


def test_a_missing_tool_is_named(progress: Progress) -> None:
    with pytest.raises(BuildFailed, match="mksquashfs-of-mars is missing"):
        progress.run(["mksquashfs-of-mars"])


def test_without_a_terminal_each_step_prints_one_line_with_percent_and_seconds(tmp_path: Path) -> None:
    out = io.StringIO()
    progress = Progress({"packages": 3.0, "disk": 1.0}, tmp_path / "log", out)
    for name in ("packages", "disk"):
        with progress.step(name):
            progress.run(["true"])
    first, second = out.getvalue().splitlines()
    assert first.startswith("[ 1/2]  75 %  packages")
    assert second.startswith("[ 2/2] 100 %  disk")


def test_who_is_not_root_is_told_how_to_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["--cache", str(tmp_path)]) == 1
    assert "sudo ./run image" in capsys.readouterr().err
