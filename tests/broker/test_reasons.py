"""What a program says of a device is said in the reader's language: each of the reasons that stand in the sources."""

import ast
import errno
import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from string import Formatter

import pytest

import broker
from broker.ailments import found, said
from broker.contract.messages import Language
from broker.contract.texts import texts
from broker.findings import Report, red
from broker.reasons import LONGEST, worded

HOUSE = Path(broker.__path__[0]).parent
ROOMS = ("hardware", "kiosk", "counter", "display")
MODULES = (
    *("web/node.py", "web/__main__.py", "registrar/node.py", "registrar/staging.py"),
    *("broker/dispatcher.py", "broker/clock_trust.py", "broker/trying.py"),
)
ELSEWHERE = ("hardware/simulators/", "kiosk/screens/", "kiosk/identity.py", "kiosk/check.py", "kiosk/checks/")
RAISED = {"PortGone", "NoSpeech", "Unreadable", "NoFont", "BadSound", "OSError", "Verdict"}
TOLD = {"device", "_gone", "_on_health", "_tell", "alarm", "_trouble", "found", "finding_of"}
NAMED = {"detail", "why", "said", "wrong", "problem", "parted", "what", "REFUSALS", "PRINTER_HEALTH", "MUTE", "_SILENT"}
RETURNED_BY = {"parted", "health", "_distrust", "_health", "_media", "findings", "_calls", "refusal", "_harm", "_shown"}
NOT_SAID = {  # of what is well, which nobody has to act on; or a piece of what is said
    "the glass",
    "first sound",
    "{} pictures and films",
    "it is set by a time source",
    "it was right since the machine was switched on, and has gone on evenly",
    "the clock with the battery fits the journal",
    "there is no Chinese font on this machine: apt install fonts-wqy-microhei",  # before it joins the hall
}
OWN_WORDS = re.compile(r"[A-Za-z]{2}.* ")
SYSTEM_S = "os_"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEYS = sorted(texts(Language.EN)["reasons"])


def sentences(node: ast.AST) -> Iterator[str]:
    """Yield each text of an expression, its blanks as {}, and those that stand in a blank."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.Constant) else "{}" for each in node.values]
        yield "".join(str(each) for each in parts)
        for blank in (part.value for part in node.values if isinstance(part, ast.FormattedValue)):
            yield from (one for one in sentences(blank) if OWN_WORDS.search(one))
    else:
        for child in ast.iter_child_nodes(node):
            yield from sentences(child)


def said_in(module: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of a module that become what is told of a device."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and name_of(node.func) in RAISED | TOLD:
            yield from (*node.args, *(each.value for each in node.keywords))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
            if NAMED & {name_of(each) for each in targets}:
                yield node.value
        elif isinstance(node, ast.FunctionDef) and node.name in RETURNED_BY:
            for each in ast.walk(node):
                if isinstance(each, ast.Return | ast.Yield) and each.value is not None:
                    yield each.value


def name_of(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def modules() -> Iterator[ast.AST]:
    files = [file for room in ROOMS for file in (HOUSE / room).rglob("*.py")]
    for file in (*files, *(HOUSE / each for each in MODULES)):
        if not file.relative_to(HOUSE).as_posix().startswith(ELSEWHERE):
            yield ast.parse(file.read_text(encoding="utf-8"))


EVERYTHING = {each for module in modules() for each in sentences(module)}
TOLD_OF_DEVICES = {each for module in modules() for part in said_in(module) for each in sentences(part)}
REASONS = sorted(each for each in TOLD_OF_DEVICES - NOT_SAID if OWN_WORDS.search(each))


def filled(reason: str) -> str:
    """Return a reason with something in each blank that no text has."""
    numbers = count(1)
    return re.sub(r"\{\}", lambda _: f"‹{next(numbers)}›", reason)


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_what_drivers_and_programs_say_is_found_in_their_sources() -> None:
    assert len(REASONS) > 80
    assert {"out of paper: put in a new roll", "{} makes no {} speech ({}): {}", "it is busy"} <= set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
def test_each_of_them_is_said_in_chinese_with_all_that_it_names(reason: str) -> None:
    chinese = worded(filled(reason), Language.ZH)
    assert CHINESE.search(chinese) or reason == "apt install espeak-ng"
    assert set(re.findall("‹[^›]*›", chinese)) == set(re.findall("‹[^›]*›", filled(reason)))


@pytest.mark.parametrize("key", [each for each in KEYS if not each.startswith(SYSTEM_S)])
def test_no_words_are_left_over(key: str) -> None:
    pieces = [re.escape(literal) for literal, *_ in Formatter().parse(texts(Language.EN)["reasons"][key])]
    pattern = re.compile("(?s:.*)".join(pieces))
    assert any(pattern.search(each) for each in EVERYTHING)


@pytest.mark.parametrize("key", [each for each in KEYS if each.removeprefix(SYSTEM_S).isupper()])
def test_the_system_s_own_words_are_those_of_this_system(key: str) -> None:
    number = getattr(errno, key.removeprefix(SYSTEM_S))
    assert texts(Language.EN)["reasons"][key] == os.strerror(number)
    assert CHINESE.search(worded(str(OSError(number, os.strerror(number), "/dev/lp0")), Language.ZH))


def test_both_languages_know_the_same_reasons() -> None:
    zh, en = (texts(language)["reasons"] for language in (Language.ZH, Language.EN))
    assert list(zh) == list(en)
    assert all(blanks(zh[key]) == blanks(en[key]) for key in KEYS if not key.startswith(SYSTEM_S))


def test_a_cable_that_is_out_is_told_in_chinese_down_to_what_the_system_said() -> None:
    system_s = "[Errno 2] could not open port /dev/pads: [Errno 2] No such file or directory: '/dev/pads'"
    gone = (
        f"serial line /dev/pads cannot be opened ({system_s}): is the adapter plugged in, is its udev name right, "
        "does another program hold it?"
    )
    told = worded(gone, Language.ZH)
    assert told.startswith("串口 /dev/pads 打不开（端口 /dev/pads 打不开：没有这个文件或设备")
    assert worded(gone, Language.EN) == gone


def test_two_reasons_are_told_one_after_the_other_and_one_with_a_semicolon_stays_one() -> None:
    both = "never answers: slips are sent on trust; look at one, or run hallcall printer probe; cover open: close it"
    assert (
        worded(both, Language.ZH)
        == "打印机从不应答，票只能照发：请看一张票，或运行 hallcall printer probe；上盖打开：请合上"
    )


def test_what_is_not_known_stays_as_it_was_said() -> None:
    strange = "the flux is inverted; ask the maker"
    assert worded(strange, Language.ZH) == strange
    assert (
        worded(f"{strange}; cover open: close it", Language.ZH)
        == "the flux is inverted；ask the maker；上盖打开：请合上"
    )
    assert worded("", Language.ZH) == ""


def test_a_node_that_says_without_end_is_not_looked_at() -> None:
    endless = "; ".join(["cover open: close it"] * LONGEST)
    assert worded(endless, Language.ZH) == endless


def test_the_doctor_and_a_technician_s_page_say_it_in_their_language() -> None:
    finding = found("device_fault", node="kiosk-1", device="printer", detail="out of paper: put in a new roll")
    assert said(finding, Language.ZH) == "kiosk-1，打印机：缺纸：请装新纸卷"
    assert said(finding, Language.EN) == "kiosk-1, printer: out of paper: put in a new roll"


def test_a_program_that_checks_itself_says_it_in_the_language_it_was_asked_for() -> None:
    told: list[str] = []
    report = Report(
        {"light_red": "红", "gone": "{problem}"}, Language.ZH, as_json=False, write=told.append, coloured=False
    )
    report.add(
        "pads",
        red("gone", problem="10.0.0.3:9100 is gone (unplugged): check its cable, its power, and who else holds it"),
    )
    assert told == ["[红] pads  10.0.0.3:9100断开（已拔出）：请检查线缆、电源，以及是否被其他程序占用\n"]
