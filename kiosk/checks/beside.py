"""What may stand beside the screen: a scanner, a reader of ID cards."""

from collections.abc import AsyncIterator, Callable

from broker.config import KioskFile
from hardware.devices import PortGone
from hardware.ports import open_port

from .finding import Bench, Finding, green, red

Look = Callable[[Bench], AsyncIterator[Finding]]


def cable(port_of: Callable[[KioskFile], str]) -> Look:
    """Return a check that opens a device's cable, and is silent where the file names none."""

    async def look(bench: Bench) -> AsyncIterator[Finding]:
        url = port_of(bench.file)
        if not url:
            return
        try:
            port = await open_port(url)
        except (PortGone, ValueError) as error:
            yield red("cable_gone", port=url, problem=str(error))
            return
        await port.close()
        yield green("cable_ok", port=url)

    return look


scanner = cable(lambda file: file.scanner.port if file.scanner is not None else "")
id_cards = cable(lambda file: file.id_cards.port if file.id_cards is not None else "")
