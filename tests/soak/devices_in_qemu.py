"""Boots the box, reads its console, and pulls and plugs USB adapters as the guest asks. See devices_in_qemu.sh."""

import asyncio
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from broker.authority.issuing import certificate_pem, chain_pem, new_issuing, new_root, node_certificate
from broker.authority.keys import key_pem, new_key
from broker.authority.reading import fingerprint

BOOT: Final = "root/usr/lib/hallcall/boot"
PATIENCE_S: Final = 900
HEAD: Final = 'node = "{node}"\nhall = "east"\nstate_dir = "/var/lib/hallcall/state/{node}"\n'
BROKER: Final = '[broker]\nhost = "127.0.0.1"\nauthority = "root.crt"\ncertificate = "node.crt"\nkey = "node.key"\n'
WINDOW: Final = (
    '[[windows]]\ncounter = {number}\nkeypad = {{ port = "serial:/dev/hallcall/keypad{number}?baud=9600" }}\n'
)
NODES: Final = {
    "counter-1": BROKER + WINDOW.format(number=1),
    "counter-2": BROKER + WINDOW.format(number=2),
    "keeper-west": 'box = "west"\n' + BROKER,
}
NAMES: Final = "".join(f'[[devices]]\nname = "{name}"\nserial = "{name.upper()}"\n' for name in ("keypad1", "keypad2"))


def main(work: Path) -> int:
    lay_out(work / "var" / "lib" / "hallcall")
    made = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "hallcall-data", "-d", f"{work}/var", f"{work}/data.ext4", "256M"]
    subprocess.run(made, check=True)
    return asyncio.run(watch(work))


def lay_out(place: Path) -> None:
    """Make what a box has that has joined: its files and its certificates."""
    root = new_root("east", now=datetime.now(UTC))
    issuing = new_issuing(root, now=datetime.now(UTC))
    (place / "etc" / "nodes").mkdir(parents=True)
    (place / "tls").mkdir()
    (place / "tls" / "root.crt").write_bytes(certificate_pem(root.certificate))
    for node, text in NODES.items():
        (place / "etc" / "nodes" / f"{node}.toml").write_text(HEAD.format(node=node) + text, encoding="utf-8")
        key = new_key()
        certificate = node_certificate(issuing, key.public_key(), node=node, now=datetime.now(UTC))
        (place / "tls" / f"{node}.crt").write_bytes(chain_pem(certificate, issuing.certificate))
        (place / "tls" / f"{node}.key").write_bytes(key_pem(key))
    (place / "etc" / "devices.toml").write_text(NAMES, encoding="utf-8")
    (place / "etc" / "box.toml").write_text(
        f'box = "west"\nhall = "east"\ndispatcher = "127.0.0.1"\nauthority = "{fingerprint(root.certificate)}"\n'
        f"nodes = {json.dumps(list(NODES))}\n",
        encoding="utf-8",
    )
    for each in [place / "etc", *(place / "etc").rglob("*")]:
        each.chmod(0o755 if each.is_dir() else 0o644)  # the group hallcall has another number in the guest


class Hand:
    """Moves cables by QEMU's monitor."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, execute: str, **arguments: object) -> None:
        self._writer.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(await self._reader.readline())):
            if "error" in answer:
                raise RuntimeError(f"QEMU will not {execute}: {answer['error']['desc']}")

    async def plug(self, name: str) -> None:
        adapter = {
            "id": name,
            "bus": "usb.0",
            "chardev": f"line-{name}",
            "serial": name.upper(),
            "always-plugged": True,
        }
        await self.ask("device_add", driver="usb-serial", **adapter)

    async def unplug(self, name: str) -> None:
        await self.ask("device_del", id=name)


async def watch(work: Path) -> int:
    """Boot, do what the guest asks for, and tell what it found."""
    began = time.monotonic()
    adapters = ("keypad1", "keypad2", "stranger")
    process = await asyncio.create_subprocess_exec(
        *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1024", "-smp", "2", "-no-reboot"),
        *(
            "-display",
            "none",
            "-nodefaults",
            "-serial",
            f"file:{work}/console",
            "-serial",
            "stdio",
            "-qmp",
            f"unix:{work}/qmp,server=on,wait=off",
        ),
        *("-kernel", work / BOOT / "vmlinuz", "-initrd", work / BOOT / "initrd.img"),
        *("-append", "root=/dev/vda rootfstype=squashfs ro console=ttyS0 quiet panic=-1 mitigations=off"),
        *("-drive", f"file={work}/root.squashfs,if=virtio,format=raw,readonly=on"),
        *("-drive", f"file={work}/data.ext4,if=virtio,format=raw"),
        *("-device", "qemu-xhci,id=usb"),
        *(each for name in adapters for each in ("-chardev", f"null,id=line-{name}")),
        *("-device", "usb-serial,always-plugged=on,id=keypad1,bus=usb.0,chardev=line-keypad1,serial=KEYPAD1"),
        *("-device", "usb-serial,always-plugged=on,id=keypad2,bus=usb.0,chardev=line-keypad2,serial=KEYPAD2"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    bad, ended, hand = 0, False, None
    try:
        async with asyncio.timeout(PATIENCE_S):
            while read := await process.stdout.readline():
                line = read.decode(errors="replace").strip()
                sys.stdout.write(f"{time.monotonic() - began:6.1f} {line}\n")
                sys.stdout.flush()
                bad += line.startswith("BAD ")
                ended |= line == "END"
                if line.startswith("DO "):
                    if hand is None:
                        hand = Hand(*await asyncio.open_unix_connection(f"{work}/qmp"))
                        await hand.ask("qmp_capabilities")
                    _, act, name = line.split()
                    await (hand.plug(name) if act == "plug" else hand.unplug(name))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return int(bad > 0 or not ended)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
