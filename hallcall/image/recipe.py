"""What goes into a box: Debian's packages by role and processor, what is left out of them, what the initramfs loads."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class Arch(StrEnum):
    """Processors: PCs, and Raspberry Pis of the 64-bit kind."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class Role(StrEnum):
    """What a box is for. `node` is all of them: one image for the whole hall."""

    NODE = "node"
    DISPATCHER = "dispatcher"
    KIOSK = "kiosk"
    DISPLAY = "display"
    COUNTER = "counter"
    WEB = "web"


SUITE: Final = "bookworm"
MIRROR: Final = "http://deb.debian.org/debian"
SECURITY: Final = "http://deb.debian.org/debian-security"
# Debian's files are dated no later than this, whenever they are fetched: two builds of the same packages are the same.
DEBIAN_EPOCH: Final = 1686355200  # the day Debian 12 came out

_ALL: Final = [
    "systemd",
    "systemd-sysv",
    "udev",
    "dbus",
    "libnss-systemd",
    "kmod",
    "iproute2",
    "nftables",
    "ca-certificates",
    "tzdata",
    "python3",
    "chrony",
    "rauc",
    "rauc-service",
    "e2fsprogs",
    "fdisk",
    "dosfstools",
    "initramfs-tools",
    "zstd",
]
_SCREEN: Final = ["fonts-wqy-microhei", "libgl1", "libgl1-mesa-dri", "libegl1", "libgles2", "libgbm1", "libmtdev1"]
_SOUND: Final = ["alsa-utils"]
_OF_ROLE: Final = {
    Role.DISPATCHER: ["mosquitto", "openssh-client"],  # of the latter, the help tunnel
    Role.KIOSK: [*_SCREEN, *_SOUND],
    Role.DISPLAY: [*_SCREEN, *_SOUND],
    Role.COUNTER: [],
    Role.WEB: [],
}
_OF_ARCH: Final = {
    Arch.AMD64: ["linux-image-amd64", "grub-common"],  # of the latter, RAUC uses grub-editenv
    Arch.ARM64: ["linux-image-arm64"],
}

# What the Pi's own loader reads. It is unpacked and not installed: its scripts want a mounted boot partition.
FIRMWARE: Final = {Arch.AMD64: None, Arch.ARM64: "raspi-firmware"}


def packages(arch: Arch, role: Role) -> list[str]:
    """Return the Debian packages that are asked for; apt adds what these need."""
    of_role = _OF_ROLE.get(role, [name for each in _OF_ROLE.values() for name in each])
    return sorted({*_ALL, *of_role, *_OF_ARCH[arch]})


def sources(arch: Arch, mirror: str, security: str) -> list[str]:
    """Return the lines of sources.list. The Pi's firmware is not free software: it starts nothing without."""
    parts = "main" if arch is Arch.AMD64 else "main non-free-firmware"
    return [
        f"deb {mirror} {SUITE} {parts}",
        f"deb {mirror} {SUITE}-updates {parts}",
        f"deb {security} {SUITE}-security {parts}",
    ]


# dpkg never unpacks these. Licences stay, and of translations those that the hall can read.
LEFT_OUT: Final = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/bug/*",
    "/usr/share/lintian/*",
    "/usr/share/bash-completion/*",
    "/usr/share/zsh/*",
    "/usr/share/sounds/alsa/*",
    "/usr/lib/grub/*",
    "/usr/share/grub/*",
)
# an update's bundle is read through dm-verity: each block is checked when it is read
_VERITY: Final = tuple(f"/lib/modules/*/kernel/drivers/md/{name}.ko*" for name in ("dm-mod", "dm-bufio", "dm-verity"))
KEPT: Final = ("/usr/share/doc/*/copyright", "/usr/share/locale/zh_CN/*", "/usr/share/locale/locale.alias", *_VERITY)

# Kinds of hardware that no box of a hall has. Nodes hang on wires: no wireless either.
_NO_HARDWARE: Final = (
    "drivers/accessibility",
    "drivers/ata/pata_*",
    "drivers/atm",
    "drivers/block/drbd",
    "drivers/bluetooth",
    "drivers/comedi",
    "drivers/dca",
    "drivers/firewire",
    "drivers/gnss",
    "drivers/gpu/drm/amd",
    "drivers/gpu/drm/nouveau",
    "drivers/hwtracing",
    "drivers/iio",
    "drivers/infiniband",
    "drivers/isdn",
    "drivers/macintosh",
    "drivers/md",
    "drivers/media",
    "drivers/message",
    "drivers/mtd",
    "drivers/net/can",
    "drivers/net/ethernet/chelsio",
    "drivers/net/ethernet/mellanox",
    "drivers/net/ethernet/netronome",
    "drivers/net/ethernet/qlogic",
    "drivers/net/ethernet/sfc",
    "drivers/net/fddi",
    "drivers/net/hamradio",
    "drivers/net/ieee802154",
    "drivers/net/wan",
    "drivers/net/wireless",
    "drivers/net/wwan",
    "drivers/nfc",
    "drivers/ntb",
    "drivers/nvdimm",
    "drivers/parport",
    "drivers/pcmcia",
    "drivers/rapidio",
    "drivers/staging",
    "drivers/target",
    "drivers/thunderbolt",
    "drivers/vdpa",
    "drivers/vfio",
    "fs/9p",
    "fs/afs",
    "fs/bfs",
    "fs/btrfs",
    "fs/ceph",
    "fs/cifs",
    "fs/coda",
    "fs/dlm",
    "fs/f2fs",
    "fs/gfs2",
    "fs/jffs2",
    "fs/jfs",
    "fs/nfs",
    "fs/nfsd",
    "fs/nilfs2",
    "fs/ocfs2",
    "fs/orangefs",
    "fs/reiserfs",
    "fs/smb*",
    "fs/ubifs",
    "fs/xfs",
    "net/9p",
    "net/appletalk",
    "net/atm",
    "net/batman-adv",
    "net/bluetooth",
    "net/can",
    "net/ceph",
    "net/dccp",
    "net/ieee802154",
    "net/mac80211",
    "net/openvswitch",
    "net/rds",
    "net/rxrpc",
    "net/sctp",
    "net/sunrpc",
    "net/tipc",
    "net/wireless",
    "sound/firewire",
    "sound/isa",
)


def dpkg_options() -> list[str]:
    """Return dpkg's options that leave out what nobody on a box looks at."""
    modules = [f"/lib/modules/*/kernel/{folder}/*" for folder in _NO_HARDWARE]
    return [
        *(f"path-exclude={path}" for path in (*LEFT_OUT, *modules)),
        *(f"path-include={path}" for path in KEPT),
    ]


# The initramfs mounts slot A or B and no more: it carries the disks a box may start from, not every driver there is.
_ANY_DISK: Final = ["squashfs", "sd_mod", "usb_storage", "uas", "xhci_pci", "virtio_blk", "virtio_pci", "virtio_scsi"]
_DISKS: Final = {
    Arch.AMD64: "ahci nvme ehci_pci sdhci_pci sdhci_acpi mmc_block ata_piix",
    Arch.ARM64: (
        "mmc_block bcm2835 sdhci_iproc bcm2835_dma raspberrypi_power clk_raspberrypi "
        "pcie_brcmstb reset_raspberrypi virtio_mmio"
    ),
}


def initramfs_modules(arch: Arch) -> list[str]:
    """Return the modules by which the kernel finds its root."""
    return [*_ANY_DISK, *_DISKS[arch].split()]


# Files of an installed root that a read-only box has no use for: what built it, and traces of the building.
SWEPT: Final[Sequence[str]] = (
    "boot/*",
    "initrd.img*",
    "vmlinuz*",
    "etc/apt",
    "etc/cron.*",
    "etc/default/grub*",
    "etc/grub.d",
    "etc/initramfs-tools",
    "etc/kernel",
    "etc/machine-id",
    "etc/*-",
    "etc/.pwd.lock",
    "etc/resolv.conf",
    "etc/hostname",
    "etc/ssh",
    "etc/systemd/system/*.wants/*",
    "etc/udev/hwdb.bin",
    "usr/bin/grub-[a-df-z]*",  # all but grub-editenv
    "usr/sbin/grub-*",
    "usr/lib/python3*/idlelib",
    "usr/lib/python3*/lib2to3",
    "usr/lib/python3*/pydoc_data",
    "usr/lib/python3*/test",
    "usr/lib/linux-image-*",
    "usr/share/initramfs-tools",
    "usr/share/doc-base",
    "usr/share/debconf",
    "usr/share/perl5",
    "usr/share/python3",
    "usr/share/pixmaps",
    "usr/share/menu",
    "usr/sbin/update-initramfs",
    "usr/sbin/mkinitramfs",
)
