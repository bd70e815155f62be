"""`hallcall display --check`: shows a test picture or says a call, and tells a technician what works.

Ends with 0 where nothing is red, with 1 otherwise.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from broker.bus import LoginRefused, try_login
from broker.config import BrokenConfig, DisplayFile, login_of
from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.findings import check_texts
from broker.identity import Untrusted
from broker.reasons import all_worded


class Light(Enum):
    GREEN = "green"
    AMBER = "amber"  # it works; somebody should look at it
    RED = "red"  # customers would see or hear nothing


@dataclass(frozen=True)
class Finding:
    """`key` is a text of the table `display_check`; `key_device` is what it is about."""

    light: Light
    device: str
    key: str
    args: tuple[tuple[str, str | float], ...] = ()

    def said(self, language: Language) -> str:
        """Return it as a line."""
        words = texts(language)["display_check"]
        lamp, device = words[self.light.value], words[f"device_{self.device}"]
        return f"{lamp} {device}  {self.text(language)}\n"

    def text(self, language: Language) -> str:
        words = check_texts(language, "display_check")
        return words[self.key].format(**all_worded(dict(self.args), language))


def green(device: str, key: str, **args: str | float) -> Finding:
    return Finding(Light.GREEN, device, key, tuple(args.items()))


def amber(device: str, key: str, **args: str | float) -> Finding:
    return Finding(Light.AMBER, device, key, tuple(args.items()))


def red(device: str, key: str, **args: str | float) -> Finding:
    return Finding(Light.RED, device, key, tuple(args.items()))


def check(findings: Iterator[Finding], language: Language, *, as_json: bool = False) -> int:
    """Say each finding as it comes, or all to a program at the end; return how a program ends that found them."""
    worst = 0
    if as_json:
        told = [{"device": each.device, "light": each.light.value, "text": each.text(language)} for each in findings]
        sys.stdout.write(json.dumps({"findings": told}, ensure_ascii=False) + "\n")
        return int(any(each["light"] == Light.RED.value for each in told))
    for finding in findings:
        sys.stdout.write(finding.said(language))
        sys.stdout.flush()
        worst = max(worst, [Light.GREEN, Light.AMBER, Light.RED].index(finding.light))
    sys.stdout.write(f"{texts(language)['display_check'][('all_green', 'all_amber', 'all_red')[worst]]}\n")
    return int(worst == RED)


RED: Final = 2


def node_findings(file: DisplayFile) -> Iterator[Finding]:
    """Look at what every display needs: its directory and its login."""
    state = Path(file.state_dir)
    try:
        state.mkdir(parents=True, exist_ok=True)
        trial = state / "check"
        trial.write_text("written\n", encoding="utf-8")
        trial.unlink()
        yield green("disk", "disk_ok", path=str(state))
    except OSError as error:
        yield red("disk", "disk_broken", path=str(state), problem=str(error))
    where: dict[str, str | float] = {"host": file.broker.host, "port": file.broker.tcp_port, "node": file.node}
    try:
        asyncio.run(try_login(login_of(file)))
    except BrokenConfig as error:
        yield red("broker", "problem", problem=str(error))
    except Untrusted as error:
        yield red("broker", f"certificate_{error.flaw.fault}", **error.flaw.args)
    except LoginRefused:
        yield red("broker", "broker_refused", path=file.broker.proof, **where)
    except OSError as error:
        yield red("broker", "broker_gone", problem=str(error), **where)
    else:
        yield green("broker", "broker_ok", **where)
