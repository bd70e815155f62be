"""The questions of `hallcall hall init`: Enter takes a good answer, a wrong one is asked again, `<` goes back."""

import os
import pty
import re
import select
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from broker.contract.messages import Language
from broker.contract.texts import texts
from hallcall.founding import answers
from hallcall.founding.checking import checked_plan
from hallcall.founding.interview import Interview, Wrong
from hallcall.founding.plan import Table
from hallcall.founding.questions import plan_tables
from hallcall.founding.toml_text import toml_text


class Person:
    """Somebody at the keyboard: says what was asked for, once each, and Enter to all else."""

    def __init__(self, *says: tuple[str, str]) -> None:
        self._says = list(says)
        self.heard: list[str] = []

    def say(self, text: str) -> None:
        self.heard.append(text)

    def ask(self, prompt: str) -> str:
        self.heard.append(prompt)
        for index, (part, answer) in enumerate(self._says):
            if part in prompt:
                del self._says[index]
                return answer
        return ""

    @property
    def has_said_all(self) -> bool:
        return not self._says


NAMES = (("in Chinese", "城西供电营业厅"), ("in English", "Chengxi Hall"))


def asked(*says: tuple[str, str], language: Language = Language.EN) -> tuple[Table, Person]:
    person = Person(*says)
    tables = Interview(person, language).run(plan_tables)
    assert person.has_said_all
    return tables, person


def boxes(tables: Table) -> dict[str, set[str]]:
    listed = tables["boxes"]
    assert isinstance(listed, list)
    return {each["box"]: set(each) - {"box"} for each in listed}


def test_a_name_and_enter_to_all_else_make_a_hall_that_can_run(tmp_path: Path) -> None:
    tables, _ = asked(*NAMES)
    file = tmp_path / "plan.toml"
    file.write_text(toml_text(tables), encoding="utf-8")
    plan, _ = checked_plan(file)
    assert (plan.hall.id, plan.hall.windows) == ("chengxi", 4)
    assert boxes(tables) == {
        "dispatcher": {"web"},
        "kiosk-1": {"kiosk"},
        "board-1": {"board", "voice"},
        "windows-1": {"counters"},
        "spare-1": {"spare"},
    }


@pytest.mark.parametrize("trade", ["1", "2", "3", "4"])
@pytest.mark.parametrize("one_machine", ["y", "n"])
def test_every_trade_on_one_machine_or_many_passes_its_check(trade: str, one_machine: str, tmp_path: Path) -> None:
    tables, _ = asked(*NAMES, ("Choose", trade), ("on one machine", one_machine), ("Choose", "2"))
    file = tmp_path / "plan.toml"
    file.write_text(toml_text(tables), encoding="utf-8")
    _, made = checked_plan(file)
    assert len(made.boxes) == (1 if one_machine == "y" else 5)


def test_going_back_changes_an_answer_and_keeps_the_others() -> None:
    tables, person = asked(
        *NAMES,
        ("Short name", "<"),
        ("in English", "West Hall"),
        ("Which services", "1-6"),
        ("How many windows", "<"),
        ("Which services", "1-3"),
        ("How many windows", "2"),
    )
    assert tables["name"] == {"zh": "城西供电营业厅", "en": "West Hall"}
    assert tables["id"] == "west"
    services = tables["services"]
    assert isinstance(services, list)
    assert [each["id"] for each in services] == ["pay", "new", "transfer"]
    assert tables["windows"] == 2
    assert sum("in Chinese" in each for each in person.heard) == 1


@pytest.mark.parametrize(
    ("question", "wrong", "said"),
    [
        ("in English", "", "it cannot be empty"),
        ("Short name", "城西", "lower-case letters, digits, - and _ only"),
        ("How many windows", "0", "type a whole number from 1 to 95"),
        ("How many windows", "four", "type a whole number from 1 to 95"),
        ("wheelchairs", "5", "this hall has 1 to 4"),
        ("which days", "8", "Monday to Friday"),
        ("given when", "17:30-08:30", "each end after its beginning"),
        ("Address of the dispatcher", "192.168.8.0/24", "no such address"),
        ("Address of the router", "router", "write the router's address"),
        ("box called", "Kiosk 1", "beginning with a letter"),
        ("box called", "dispatcher", "dispatcher is taken"),
        ("Touch screen, inches", "4", "this screen will not do: the panel is"),
        ("Touch screen, pixels", "800", "write WIDTHxHEIGHT"),
        ("farthest seat", "49", "this screen will not do"),
        ("On which port", "COM3", "not a port"),
        ("Choose", "9", "type a number from 1 to"),
        ("on one machine", "maybe", "type y (yes) or n (no)"),
    ],
)
def test_a_wrong_answer_is_said_at_once_and_asked_again(question: str, wrong: str, said: str) -> None:
    _, person = asked((question, wrong), *NAMES)
    at = next(index for index, each in enumerate(person.heard) if question in each and not each.startswith("\n"))
    assert said in person.heard[at + 1]
    assert question in person.heard[at + 2]


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("08:30-17:30", [("08:30", "17:30")]),
        ("8:30-12:00，14:00 - 17:30", [("08:30", "12:00"), ("14:00", "17:30")]),
        ("08：30至12：00", [("08:30", "12:00")]),
    ],
)
def test_hours_are_understood_as_people_write_them(typed: str, means: list[tuple[str, str]]) -> None:
    assert answers.hours(typed) == means


@pytest.mark.parametrize("typed", ["", "8-12", "09:00-12:00,11:00-13:00", "25:00-26:00"])
def test_hours_that_overlap_or_are_none_are_refused(typed: str) -> None:
    with pytest.raises(Wrong):
        answers.hours(typed)


@pytest.mark.parametrize("typed", ["1-5", "mon-fri", "Mon-Fri", "1,2,3,4,5", "1、2、3-5"])
def test_days_are_understood_as_people_write_them(typed: str) -> None:
    assert answers.days(typed) == ["mon", "tue", "wed", "thu", "fri"]


def test_both_languages_ask_the_same_with_the_same_blanks() -> None:
    zh, en = (texts(language)["founding"] for language in (Language.ZH, Language.EN))
    assert set(zh) == set(en)
    blanks = {key: {part.partition("}")[0] for part in text.split("{")[1:]} for key, text in zh.items()}
    assert blanks == {key: {part.partition("}")[0] for part in text.split("{")[1:]} for key, text in en.items()}


def test_no_words_are_left_over() -> None:
    folder = Path(answers.__file__).parent
    code = "".join(each.read_text(encoding="utf-8") for each in folder.glob("*.py"))
    made = ("trade_", "role_", "state_", "printer_", "signs_", "identity_", "kiosk_number", "board_number", "shown_")
    unused = [
        key
        for key in texts(Language.ZH)["founding"]
        if re.search(f"""["']{key}["']""", code) is None and not key.startswith(made)
    ]
    assert unused == []


# At a real terminal ---------------------------------------------------------------------------------------------------


def typed_at_terminal(arguments: Iterable[str], says: list[tuple[str, str]]) -> tuple[int, str]:
    """Run the command on a pty and type; return its exit code and all that the terminal showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-m", "hallcall", "hall", "init", *arguments])  # noqa: S606 - on a terminal
    shown, answered = "", 0
    while True:
        quiet = not select.select([terminal], [], [], 0.3)[0]
        if not quiet:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
            continue
        prompt = shown[answered:].rpartition("\n")[2]
        if prompt.endswith(" "):
            answered = len(shown)
            at = next((index for index, (part, _) in enumerate(says) if part in prompt), None)
            os.write(terminal, f"{says.pop(at)[1] if at is not None else ''}\n".encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


def test_a_technician_makes_a_hall_at_a_terminal_and_the_passphrase_is_never_seen(tmp_path: Path) -> None:
    secret = "four words make one"
    says = [("中文", "小厅"), ("英文", "Small"), ("一台主机", "y"), ("口令", "short"),
            ("口令", secret), ("再输入", "another"), ("口令", secret), ("再输入", secret)]  # fmt: skip
    code, shown = typed_at_terminal(["--lang", "zh", "--to", str(tmp_path)], says)
    assert code == 0
    assert says == []
    assert (tmp_path / "small" / "hall.toml").exists()
    assert secret not in shown
    assert "两次不一样" in shown
    assert f"写入 {tmp_path / 'small'}？" in shown.replace("\r\n", "").replace("\r", "")


def test_whoever_says_no_at_the_end_has_written_nothing(tmp_path: Path) -> None:
    says = [("in Chinese", "小厅"), ("in English", "Small"), ("one machine", "y"), ("Write ", "n")]
    code, shown = typed_at_terminal(["--lang", "en", "--to", str(tmp_path)], says)
    assert code == 1
    assert "Nothing was written." in shown
    assert list(tmp_path.iterdir()) == []
