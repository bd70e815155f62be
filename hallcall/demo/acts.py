"""What a person may do to the hall: the clerks' keys, the customers' ratings, the mischief. All of it at devices."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from broker.contract.messages import Hall

from .people import Crowd, Order
from .programs import Programs
from .seen import CROWD

Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Acts:
    """Carries out acts. `order` goes to the far ends of the cables; `spawn` keeps a person going."""

    def __init__(self, *, hall: Hall, order: Order, programs: Programs, crowd: Crowd, spawn: Spawn) -> None:
        self._hall = hall
        self._order = order
        self._programs = programs
        self._crowd = crowd
        self._spawn = spawn
        self._staffed = False

    def do(self, act: Mapping[str, object]) -> bool:
        """Do it; return whether it was understood."""
        match act:
            case {"act": "press", "counter": int(counter), "key": "call" | "start" | "finish" as key}:
                self._order(do="press", counter=counter, key=key)
            case {"act": "rate", "counter": int(counter), "grade": int(grade)}:
                self._order(do="rate", counter=counter, grade=grade)
            case {"act": "unplug" | "plug" as cable, "counter": int(counter)}:
                self._order(do=cable, counter=counter)
            case {"act": "end_paper" | "refill" | "cut" | "mend" as what}:
                self._order(do=what)
            case {"act": "send"}:
                for _ in range(CROWD):
                    self._spawn(self._crowd.send())
            case {"act": "kill", "program": "dispatcher" as program}:
                self._programs.kill(program)
            case {"act": "auto", "on": bool(on)}:
                self._hire(on=on)
            case _:
                return False
        return True

    def _hire(self, *, on: bool) -> None:
        if not on:
            self._crowd.clerks_at_work.clear()
            return
        self._crowd.clerks_at_work.set()
        if not self._staffed:
            self._staffed = True
            for counter in self._hall.counters:
                self._spawn(self._crowd.staff(counter.number))
