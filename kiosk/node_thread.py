"""Runs the kiosk's node beside its window: what is touched, scanned and pressed there is handed over."""

from broker import node_thread
from broker.contract.messages import DeviceStatus
from hardware.devices import TactileKey

from .node import KioskNode


class NodeThread(node_thread.NodeThread[KioskNode]):
    def touch(self, key: str) -> None:
        """Hand a key to the node, from any thread."""
        self.hand(lambda node: node.touch(key))

    def scan(self, text: str) -> None:
        """Hand a scanned code to the node, from any thread."""
        self.hand(lambda node: node.scan(text))

    def press(self, key: TactileKey, offered: tuple[str, ...]) -> None:
        """Hand a tactile key to the node, from any thread."""
        self.hand(lambda node: node.press(key, offered))

    def devices(self) -> tuple[DeviceStatus, ...]:
        """Return what the node tells of its devices; nothing while there is none."""
        return self._node.devices if self._node is not None else ()
