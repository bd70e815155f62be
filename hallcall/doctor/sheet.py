"""What was found, shown: a line each as it comes with what to do below, or JSON at the end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from broker.ailments import Found, advice, said, topic
from broker.contract.messages import BoxFinding, DeviceState, Language
from broker.contract.texts import texts

LIGHTS: Final = {
    DeviceState.OK: ("light_green", "32"),
    DeviceState.WARNING: ("light_amber", "33"),
    DeviceState.FAULT: ("light_red", "31"),
    DeviceState.UNKNOWN: ("light_skipped", "2"),
}
GREEN, AMBER, RED = 0, 1, 2  # how `hallcall doctor` ends


@dataclass(kw_only=True)
class Sheet:
    """`write` takes what is shown; `hint` what is only for whoever waits."""

    language: Language
    as_json: bool = False
    coloured: bool = False
    write: Callable[[str], object]
    hint: Callable[[str], object] = lambda _: None
    found: list[Found] = field(default_factory=list)

    def add(self, place: str, *findings: BoxFinding) -> None:
        for finding in findings:
            self.found.append(Found(place, finding))
            if not self.as_json:
                self.write(line(self.found[-1], self.language, coloured=self.coloured))

    def looking(self, what: str) -> None:
        """Say what takes its time just now."""
        words = texts(self.language)["doctor"]
        self.hint(words["looking"].format(what=words.get(f"what_{what}", what)) + "\n")

    def say(self, key: str, /, **args: str | float) -> None:
        self.write(texts(self.language)["doctor"][key].format(**args) + "\n")

    def end(self) -> int:
        """Say the sum; return how the program ends: 0 green, 1 amber, 2 red."""
        worst = colour(self.found)
        if self.as_json:
            self.write(json.dumps(as_json(self.found, self.language), ensure_ascii=False, indent=1) + "\n")
        else:
            self.write(total(self.found, self.language))
        return worst


def colour(found: list[Found]) -> int:
    states = {each.finding.state for each in found}
    return RED if DeviceState.FAULT in states else AMBER if DeviceState.WARNING in states else GREEN


def line(found: Found, language: Language, *, coloured: bool = False) -> str:
    words = texts(language)["doctor"]
    key, paint = LIGHTS[found.finding.state]
    lamp = f"[{words[key]}]"
    lamp = f"\x1b[{paint}m{lamp}\x1b[0m" if coloured else lamp
    what = said(found.finding, language)
    place = f"{found.place}, " if found.place and found.place not in what else ""
    text = f"{lamp} {place}{topic(found.finding, language)}  {what}\n"
    if to_do := _to_do(found, language):
        text += f"       {words['to_do'].format(advice=to_do)}\n"
    return text


def total(found: list[Found], language: Language) -> str:
    words = texts(language)["doctor"]
    reds = sum(each.finding.state is DeviceState.FAULT for each in found)
    ambers = sum(each.finding.state is DeviceState.WARNING for each in found)
    key = ("sum_green", "sum_amber", "sum_red")[colour(found)]
    return words[key].format(reds=reds, ambers=ambers) + "\n"


def as_text(found: list[Found], language: Language) -> str:
    return "".join(line(each, language) for each in found) + total(found, language)


def as_json(found: list[Found], language: Language) -> dict[str, object]:
    """Return it for a program; texts and advice in one language, keys and figures in none."""
    findings = [
        {
            "place": each.place,
            "what": each.finding.what,
            "state": each.finding.state.value,
            "key": each.finding.key,
            "args": each.finding.args,
            "text": said(each.finding, language),
            "do": _to_do(each, language),
        }
        for each in found
    ]
    return {"light": ("green", "amber", "red")[colour(found)], "findings": findings}


def _to_do(found: Found, language: Language) -> str:
    must_act = found.finding.state in {DeviceState.WARNING, DeviceState.FAULT}
    return advice(found.finding, language) if must_act else ""
