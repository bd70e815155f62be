"""Who is in at a time: pure. Where there is no room for one more, somebody of the address that has most gives way.

Of these the one that came first: who has something to say has said it soon, and who holds a door open to keep others
out is put out by the next.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

W = TypeVar("W", bound=Hashable)


@dataclass(kw_only=True)
class Doors(Generic[W]):
    """So many in all, and of one address."""

    room: int
    of_one: int
    _inside: dict[W, str] = field(default_factory=dict)  # the address of each, in the order they came

    def enter(self, who: W, address: str) -> W | None:
        """Let one in; return who must go for it."""
        counts = Counter(self._inside.values())
        crowd = address if counts[address] >= self.of_one else ""
        if not crowd and len(self._inside) >= self.room:
            crowd = max(counts, key=counts.__getitem__)
        out = next((each for each, at in self._inside.items() if at == crowd), None) if crowd else None
        if out is not None:
            del self._inside[out]
        self._inside[who] = address
        return out

    def leave(self, who: W) -> None:
        self._inside.pop(who, None)
