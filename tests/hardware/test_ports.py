import asyncio
import os
import re
import sys
import tty
from pathlib import Path

import pytest

from hardware.devices import PortGone
from hardware.ports import Place, open_port, parse
from hardware.simulators.network_switch import SimulatedSwitch
from hardware.simulators.pty_cable import PtyCable


@pytest.mark.parametrize(
    "url",
    [
        "",
        "COM3",
        "serial:",
        "serial:/dev/x?baud=fast",
        "serial:/dev/x?baud=0",
        "serial:/dev/x?parity=Q",
        "serial:/dev/x?speed=9600",
        "tcp:printer",
        "tcp:printer:http",
        "usb:/dev/usb/lp0",
        "usblp:/dev/usb/lp0?baud=9600",
    ],
)
async def test_a_mistyped_port_is_refused_with_its_own_text(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(url))):
        await open_port(url)


def test_a_port_is_read_without_being_opened() -> None:
    assert parse("serial:/dev/hallcall/pads?baud=57600&parity=O&stop=2") == Place(
        scheme="serial", name="/dev/hallcall/pads", baud=57600, parity="O", stop=2
    )
    assert parse("tcp:[::1]:9100?write_timeout=2") == Place(scheme="tcp", name="::1", port=9100, write_timeout_s=2)
    assert parse("usblp:/dev/usb/lp0") == Place(scheme="usblp", name="/dev/usb/lp0")


async def test_a_port_that_is_not_there_names_itself_and_what_to_check(tmp_path: Path) -> None:
    for url in (f"serial:{tmp_path}/keypad3", f"usblp:{tmp_path}/lp0"):
        with pytest.raises(PortGone, match=str(tmp_path)) as gone:
            await open_port(url)
        assert "?" in str(gone.value)
    async with SimulatedSwitch(to_host="127.0.0.1", to_port=1) as switch:
        await switch.cut()
        with pytest.raises(PortGone, match=rf"127\.0\.0\.1:{switch.port}"):
            await open_port(f"tcp:127.0.0.1:{switch.port}")


async def test_a_display_without_pyserial_still_has_a_loudspeaker() -> None:
    program = "import sys; sys.modules.update(serial=None, escpos=None, PIL=None); import hardware.drivers.loudspeaker"
    display = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await display.wait() == 0


async def test_bytes_go_both_ways_over_a_serial_line(link: Path) -> None:
    arrived = asyncio.Queue[bytes]()
    async with asyncio.timeout(10), PtyCable(link, lambda chunk, _at: arrived.put_nowait(chunk)) as cable:
        port = await open_port(f"serial:{link}?baud=9600")
        await port.write(b"\x01\x11\x13\x00\xff\n\r")
        assert await arrived.get() == b"\x01\x11\x13\x00\xff\n\r"
        cable.send(b"\x03\x04\x1a\xff\x00")
        assert await port.read() == b"\x03\x04\x1a\xff\x00"
        await port.close()


async def test_a_serial_line_takes_its_time(link: Path) -> None:
    ended = asyncio.Queue[float]()
    async with asyncio.timeout(10), PtyCable(link, lambda _chunk, at: ended.put_nowait(at), baud=1200):
        port = await open_port(f"serial:{link}?baud=1200")
        began = asyncio.get_running_loop().time()
        await port.write(b"123456789012")
        assert await ended.get() - began >= 0.1
        await port.close()


async def test_an_unplugged_line_is_noticed_while_waiting_and_again_while_writing(link: Path) -> None:
    async with asyncio.timeout(10), PtyCable(link, lambda *_: None) as cable:
        port = await open_port(f"serial:{link}")
        reading = asyncio.create_task(port.read())
        await asyncio.sleep(0)
        cable.unplug()
        with pytest.raises(PortGone, match="check its cable"):
            await reading
        with pytest.raises(PortGone):
            await port.write(b"lamp")
        await port.close()
        cable.plug()
        again = await open_port(f"serial:{link}")
        cable.send(b"back")
        assert await again.read() == b"back"
        await again.close()


async def test_an_unplugged_line_leaves_no_traceback_in_the_log(link: Path) -> None:
    async with PtyCable(link, lambda _chunk, _at: None) as cable:
        port = await open_port(f"serial:{link}")
        cable.unplug()
        with pytest.raises(PortGone):
            await port.read()
        await port.close()
        left_behind = asyncio.all_tasks() - {asyncio.current_task()}
        assert [each for each in await asyncio.gather(*left_behind, return_exceptions=True) if each is not None] == []


async def test_a_line_that_another_program_holds_is_not_shared(link: Path) -> None:
    async with PtyCable(link, lambda *_: None):
        port = await open_port(f"serial:{link}")
        with pytest.raises(PortGone, match="another program"):
            await open_port(f"serial:{link}")
        await port.close()


async def test_a_far_end_that_takes_nothing_is_gone_after_the_write_timeout(link: Path) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    link.symlink_to(os.ttyname(theirs))
    try:
        for scheme in ("serial", "usblp"):
            port = await open_port(f"{scheme}:{link}?write_timeout=0.05")
            async with asyncio.timeout(10):
                with pytest.raises(PortGone, match=r"no bytes for 0\.05 s"):
                    await port.write(bytes(1_000_000))
                await port.close()
    finally:
        os.close(theirs)
        os.close(ours)


async def test_a_usb_printer_speaks_both_ways_and_can_be_pulled(link: Path) -> None:
    arrived = asyncio.Queue[bytes]()
    async with asyncio.timeout(10), PtyCable(link, lambda chunk, _at: arrived.put_nowait(chunk)) as cable:
        port = await open_port(f"usblp:{link}")
        await port.write(b"slip")
        assert await arrived.get() == b"slip"
        cable.send(b"\x12")
        assert await port.read() == b"\x12"
        reading = asyncio.create_task(port.read())
        await asyncio.sleep(0)
        cable.unplug()
        with pytest.raises(PortGone):
            await reading
        await port.close()


async def test_what_a_usb_printer_said_to_nobody_is_not_its_next_answer(link: Path) -> None:
    async with asyncio.timeout(10), PtyCable(link, lambda *_: None) as cable:
        cable.send(b"\x1a")
        port = await open_port(f"usblp:{link}")
        cable.send(b"\x12")
        assert await port.read() == b"\x12"
        await port.close()


async def test_a_closed_port_wakes_whoever_reads_it(link: Path) -> None:
    for scheme in ("serial", "usblp"):
        async with asyncio.timeout(10), PtyCable(link, lambda *_: None):
            port = await open_port(f"{scheme}:{link}")
            reading = asyncio.create_task(port.read())
            await asyncio.sleep(0)
            await port.close()
            with pytest.raises(PortGone):
                await reading


async def test_a_pulled_network_cable_ends_the_connection_and_a_mended_one_takes_a_new_one() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(100):
            writer.write(chunk)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    far_port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(10), server, SimulatedSwitch(to_host="127.0.0.1", to_port=far_port) as switch:
        url = f"tcp:127.0.0.1:{switch.port}"
        port = await open_port(url)
        await port.write(b"ping")
        assert await port.read() == b"ping"
        assert switch.connections == 1
        await switch.cut()
        with pytest.raises(PortGone):
            await port.read()
        await port.close()
        with pytest.raises(PortGone):
            await open_port(url)
        await switch.mend()
        again = await open_port(url)
        await again.write(b"pong")
        assert await again.read() == b"pong"
        await again.close()
