"""Whatever doctor and keepers can find has its words in both languages, and whoever must act is told what to do."""

from string import Formatter

import pytest

from broker.ailments import AILMENTS, advice, found, said, topic
from broker.contract.messages import BoxFinding, DeviceState, Language
from broker.contract.texts import texts

KEYS = [(what, key, state) for what, keys in AILMENTS.items() for key, state in keys.items()]
NOT_FINDINGS = ("light_", "what_", "medium_", "role_", "sum_", "to_do", "looking", "report_", "store_")


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("what", "key", "state"), KEYS)
def test_each_finding_is_worded_and_what_is_not_well_says_what_to_do(
    what: str, key: str, state: DeviceState, language: Language
) -> None:
    words = texts(language)["doctor"]
    assert f"what_{what}" in words
    assert key in words
    assert (f"{key}_do" in words) == (state in {DeviceState.WARNING, DeviceState.FAULT})
    assert blanks(words.get(f"{key}_do", "")) <= blanks(words[key]) | {"unit"}


def test_both_languages_say_the_same() -> None:
    zh, en = (texts(language)["doctor"] for language in (Language.ZH, Language.EN))
    assert list(zh) == list(en)
    assert {key: blanks(text) for key, text in zh.items()} == {key: blanks(text) for key, text in en.items()}


def test_no_words_are_left_over() -> None:
    findings = {key.removesuffix("_do") for key in texts(Language.EN)["doctor"] if not key.startswith(NOT_FINDINGS)}
    assert findings == {key for _, key, _ in KEYS}


def test_a_finding_says_what_it_means_and_what_to_do() -> None:
    low = found("disk_low", path="/var", free_mb=512)
    assert topic(low, Language.EN) == "disk"
    assert said(low, Language.EN) == "only 512 MB free in /var"
    assert advice(low, Language.ZH).startswith("用 du -x")


def test_what_a_later_keeper_finds_is_said_by_its_key() -> None:
    strange = BoxFinding(what="fan", state=DeviceState.FAULT, key="fan_stuck", args={"turns": 0})
    assert said(strange, Language.EN) == "fan_stuck {'turns': 0}"
    assert advice(strange, Language.EN) == ""
    assert topic(strange, Language.ZH) == "fan"
    assert said(BoxFinding(what="disk", state=DeviceState.FAULT, key="disk_full"), Language.EN) == "disk_full {}"
