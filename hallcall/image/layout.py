"""Where everything lies on the disk: four partitions, of fixed place and identity, so that two builds are the same."""

from dataclasses import dataclass
from typing import Final

from .recipe import Arch

MIB: Final = 1024 * 1024
SECTOR: Final = 512
BOOT_MIB: Final = 256
SLOT_MIB: Final = 512
DATA_MIB: Final = 128  # grown to the end of the disk at the first start
# The promise of the README. A root over it does not leave room in a slot for the releases of the coming years.
BUDGET_MIB: Final = 320

DISK_SIGNATURE: Final = "48414c4c"  # "HALL"; the Pi's kernel and RAUC find the slots by it
_UUIDS: Final = "48414c4c-0000-4000-8000-00000000000"
BOOT_LABEL: Final = "HALLCALL"
DATA_LABEL: Final = "hallcall-data"
DATA_UUID: Final = f"{_UUIDS}4"


class OverBudget(ValueError):
    """The root is larger than the README promises."""


@dataclass(frozen=True, kw_only=True)
class Partition:
    """One partition: what it is called, from which MiB on, how many."""

    name: str
    start_mib: int
    size_mib: int


BOOT: Final = Partition(name="hallcall-boot", start_mib=4, size_mib=BOOT_MIB)
SLOT_A: Final = Partition(name="hallcall-a", start_mib=4 + BOOT_MIB, size_mib=SLOT_MIB)
SLOT_B: Final = Partition(name="hallcall-b", start_mib=SLOT_A.start_mib + SLOT_MIB, size_mib=SLOT_MIB)
DATA: Final = Partition(name=DATA_LABEL, start_mib=SLOT_B.start_mib + SLOT_MIB, size_mib=DATA_MIB)
PARTITIONS: Final = (BOOT, SLOT_A, SLOT_B, DATA)
DISK_MIB: Final = DATA.start_mib + DATA_MIB + 1  # a GPT keeps its copy at the end

_EFI: Final = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_LINUX: Final = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


def table(arch: Arch) -> str:
    """Return the partition table for sfdisk: a GPT for a PC, for a Pi's card an MBR (a Pi 3 reads no GPT)."""
    if arch is Arch.AMD64:
        head = ["label: gpt", f"label-id: {_UUIDS}0"]
        kinds = [f"type={_EFI}"] + 3 * [f"type={_LINUX}"]
        tails = [f', uuid={_UUIDS}{number}, name="{each.name}"' for number, each in enumerate(PARTITIONS, start=1)]
    else:
        head = ["label: dos", f"label-id: 0x{DISK_SIGNATURE}"]
        kinds = ["type=c, bootable"] + 3 * ["type=83"]
        tails = 4 * [""]
    rows = [
        f"start={each.start_mib}MiB, size={each.size_mib}MiB, {kind}{tail}"
        for each, kind, tail in zip(PARTITIONS, kinds, tails, strict=True)
    ]
    return "\n".join([*head, "unit: sectors", *rows]) + "\n"


def filled_in(text: str, slot: str) -> str:
    """Return a slot's kernel command line with its slot in it."""
    partition = {"A": "02", "B": "03"}[slot]
    words = {"@SLOT@": slot, "@SLOT_LOWER@": slot.lower(), "@SLOT_PARTITION@": partition}
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def check_budget(root_bytes: int) -> None:
    """Refuse a root that is larger than was promised."""
    if root_bytes > BUDGET_MIB * MIB:
        raise OverBudget(
            f"the root takes {root_bytes / MIB:.0f} MiB, and the README promises at most {BUDGET_MIB}: "
            "look for what came in (the bill of materials names every package with its size), "
            "or say a new figure in hallcall/image/layout.py and in both READMEs"
        )
