"""Who signs in with which card or PIN."""

from pathlib import Path

import pytest

from broker.badge_file import Badge, load_badges
from broker.contract.messages import SignedInBy
from broker.strict_toml import BrokenConfig
from counter.badges import LOCKED_S, PAUSE_S, BadgeAct, Badges, Known, Typing, Unknown
from hardware.devices import PadKey

LI = Known(clerk="li", by=SignedInBy.PIN)


def window() -> Badges:
    return Badges((Badge(clerk="li", card="0004711", pin="2468"), Badge(clerk="wang", card="0004712")))


def types(badges: Badges, text: str, *, now: float = 0.0) -> list[BadgeAct]:
    keys = [PadKey.ENTER if each == "#" else PadKey.CLEAR if each == "*" else PadKey(each) for each in text]
    return [badges.typed(key, now + index) for index, key in enumerate(keys)]


def test_a_card_says_who_staffs_the_counter() -> None:
    assert window().card("0004712") == Known(clerk="wang", by=SignedInBy.CARD)
    assert window().card("0009999") == Unknown()


def test_a_pin_is_typed_hidden_and_ended_with_enter() -> None:
    assert types(window(), "2468#") == [Typing(text="-"), Typing(text="--"), Typing(text="---"), Typing(text="---"), LI]


def test_clear_begins_anew_and_so_does_a_long_pause() -> None:
    assert types(window(), "99*2468#")[-1] == LI
    badges = window()
    types(badges, "99")
    assert types(badges, "2468#", now=PAUSE_S + 5)[-1] == LI


def test_what_was_begun_and_left_disappears_from_the_pad() -> None:
    badges = window()
    types(badges, "24")
    assert badges.next_deadline() == 1 + PAUSE_S
    assert badges.elapsed(1 + PAUSE_S) == Typing(text="")
    assert badges.next_deadline() is None
    assert types(badges, "68#", now=60)[-1] == Unknown()


def test_after_three_wrong_pins_none_is_taken_for_a_minute() -> None:
    badges = window()
    for _ in range(3):
        assert types(badges, "1111#")[-1] == Unknown()
    assert types(badges, "2468#", now=10)[-1] == Unknown()
    assert types(badges, "2468#", now=10 + LOCKED_S)[-1] == LI


def test_an_empty_pin_is_nobodys() -> None:
    assert types(window(), "#") == [Unknown()]


@pytest.mark.parametrize(
    ("badges", "mode", "says"),
    [
        ('[[badges]]\nclerk = "li"\npin = "12"\n', 0o600, "pin"),
        ('[[badges]]\nclerk = "li"\n', 0o600, "neither card nor pin"),
        ('[[badges]]\nclerk = "li"\npin = "1234"\n[[badges]]\nclerk = "wang"\npin = "1234"\n', 0o600, "is taken"),
        ('[[badges]]\nclerk = "li"\npin = "1234"\n', 0o644, "chmod 640"),
        ('[[badges]]\nclerk = "li"\npin = "1234"\n', 0o660, "chmod 640"),
    ],
)
def test_a_file_that_gives_secrets_away_or_confuses_clerks_is_refused(
    tmp_path: Path, badges: str, mode: int, says: str
) -> None:
    file = tmp_path / "badges.toml"
    file.write_text(badges, encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(BrokenConfig, match=says):
        load_badges(file)


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_file_that_its_owner_reads_or_the_programs_of_the_box_is_taken(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "badges.toml"
    file.write_text('[[badges]]\nclerk = "li"\ncard = "0004711"\n', encoding="utf-8")
    file.chmod(mode)
    assert load_badges(file).badges == (Badge(clerk="li", card="0004711"),)
