"""The demo's ear on the bus: every message into mqtt.log, and who is present."""

import time
from pathlib import Path

from broker.bus import Letter, Login, MqttBus
from broker.contract import wire
from broker.contract.messages import DeviceState, Presence


class Recorder:
    """Connect with the read-only login `recorder`; `run` for as long as the demo."""

    def __init__(self, *, hall: str, login: Login, log: Path) -> None:
        self._hall = hall
        self._log = log.open("a", encoding="utf-8", buffering=1)
        self.present: dict[str, Presence] = {}
        self._bus = MqttBus(login=login, subscriptions=[wire.topic(hall, "#")])
        self._bus.listen(on_letter=self._hear, on_state=self._connection)

    async def run(self) -> None:
        await self._bus.run()

    @property
    def ready(self) -> bool:
        """Tell whether every node is up and no device of theirs is at fault."""
        return all(
            each.up and all(device.state is not DeviceState.FAULT for device in each.devices)
            for each in self.present.values()
        )

    def troubles(self) -> list[str]:
        """Return what the nodes say is wrong, for a technician."""
        found = [f"{each.node} is away" for each in self.present.values() if not each.up]
        for each in self.present.values():
            found += [
                f"{each.node}, {device.name}: {device.detail or device.state.value}"
                for device in each.devices
                if device.state is DeviceState.FAULT
            ]
        return found

    def _connection(self, connected: bool) -> None:  # noqa: FBT001 - the bus's callback has this shape
        self._log.write(f"{_now()} {'connected' if connected else 'cut off'}\n")

    def _hear(self, letter: Letter) -> None:
        kept = " (retained)" if letter.retained else ""
        self._log.write(f"{_now()} {letter.topic}{kept} {letter.payload.decode(errors='replace')}\n")
        try:
            message = wire.decode(self._hall, letter.topic, letter.payload).message
        except wire.BadMessage:
            return
        if isinstance(message, Presence):
            self.present[message.node] = message


def _now() -> str:
    return f"{time.monotonic() * 1000:.3f}"
