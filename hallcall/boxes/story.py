"""What a run of boxes tells: each step with its seconds, and what was not as it should be."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


class WentWrong(Exception):
    """Something did not come about in time; the text says what, and where to look."""


@dataclass(kw_only=True)
class Story:
    """Tells a person each step while it happens, and keeps the figures."""

    began_s: float = field(default_factory=time.monotonic)
    steps: list[dict[str, object]] = field(default_factory=list)

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self.began_s:6.1f} s  {text}\n")
        sys.stdout.flush()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Time a step; one that raises WentWrong is noted, and raises on."""
        self.say(f"{text} …")
        began_s = time.monotonic()
        step: dict[str, object] = {"step": text}
        self.steps.append(step)
        try:
            yield
        except WentWrong as error:
            step["wrong"] = str(error)
            raise
        finally:
            step["s"] = round(time.monotonic() - began_s, 1)
        self.say(f"  done in {step['s']} s")

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.steps, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
