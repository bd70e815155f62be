"""Whatever is refused is said to people, in both languages, and every blank in it is filled."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import broker
from broker.contract.messages import Language
from broker.contract.texts import texts

ROOM = Path(broker.__path__[0])
SHOWN_WITHOUT_ARGUMENTS = "broker/hall/at_kiosk.py", "take_ticket", "_wrong", "_wrong_code"


def refusals(function: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every reason with the arguments that go with it, as the source states them."""
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "refused":
            arguments = frozenset(each.arg or "" for each in call.keywords) - {""}
            for reason in ast.walk(call.args[1]):
                if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                    yield reason.value, arguments


def of_the_broker() -> dict[str, frozenset[str]]:
    """Return each reason with the arguments that it always has."""
    found: dict[str, frozenset[str]] = {}
    for file in ROOM.rglob("*.py"):
        for reason, arguments in refusals(ast.parse(file.read_text(encoding="utf-8"))):
            found[reason] = found.get(reason, arguments) & arguments
    return found


REASONS = of_the_broker()


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_there_are_refusals() -> None:
    assert {"nobody_waits", "service_full", "too_old", "fault"} <= set(REASONS)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_refusal_has_its_words(reason: str, language: Language) -> None:
    text = texts(language)["refusal"][reason]
    assert blanks(text) <= REASONS[reason]


@pytest.mark.parametrize("language", Language)
def test_the_kiosk_can_say_why_there_is_no_number_without_filling_in_a_blank(language: Language) -> None:
    path, *names = SHOWN_WITHOUT_ARGUMENTS
    module = ast.parse((ROOM.parent / path).read_text(encoding="utf-8"))
    functions = [each for each in module.body if isinstance(each, ast.FunctionDef) and each.name in names]
    reasons = {reason for function in functions for reason, _ in refusals(function)}
    assert len(functions) == len(names)
    assert all(blanks(texts(language)["refusal"][reason]) == set() for reason in reasons)


def test_both_languages_say_the_same_things() -> None:
    zh, en = (texts(language)["refusal"] for language in (Language.ZH, Language.EN))
    assert set(zh) == set(en)
    assert {key: blanks(text) for key, text in zh.items()} == {key: blanks(text) for key, text in en.items()}


def test_no_words_are_left_over() -> None:
    kiosk_s_own = {"other", "unanswered", "unanswered_return", "opens", "opens_on", "booking_alone"}
    assert set(texts(Language.ZH)["refusal"]) - set(REASONS) == kiosk_s_own
