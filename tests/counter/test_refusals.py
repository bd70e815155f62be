"""What a pad shows for a refused press: three characters at most, and both languages' pages explain each."""

from pathlib import Path

import pytest

from broker.contract.messages import Language
from broker.contract.texts import texts
from counter import refusals

PAGE = Path(__file__).parents[2] / "docs" / "pads.md"
CODES = {value for name, value in vars(refusals).items() if name.isupper() and isinstance(value, str)}


@pytest.mark.parametrize(("language", "part"), [(Language.EN, 0), (Language.ZH, 1)])
def test_the_page_explains_every_code_in_both_languages(language: Language, part: int) -> None:
    rows = PAGE.read_text(encoding="utf-8").split("## 中文说明")[part].splitlines()
    explained = {row.split("`")[1] for row in rows if row.startswith("| `E") and row.count(" | ") == 2}
    assert explained == CODES, language


def test_every_reason_with_a_code_is_one_that_the_hall_gives() -> None:
    reasons = texts(Language.EN)["refusal"]
    assert [reason for reason in refusals._CODES if reason not in reasons] == []


def test_a_reason_without_a_code_is_shown_as_other() -> None:
    assert refusals.code("nobody_waits") == "E2"
    assert refusals.code("no such reason") == "EE"
