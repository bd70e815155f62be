"""The questions of `hallcall hall init`: answers become a plan. Nothing is read or written but through `Terminal`.

Every question has an answer that Enter takes, says at once what is wrong with another, and asks again. `<` goes back to
the question before: the questions are asked anew from the first, with the answers so far, down to that one.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from broker.contract.messages import Language
from broker.contract.texts import texts

T = TypeVar("T")
BACK: Final = "<"


class Terminal(Protocol):
    """Where questions are put."""

    def say(self, text: str) -> None: ...

    def ask(self, prompt: str) -> str:
        """Return a line; raises EOFError when nobody answers any more."""
        ...


class Wrong(ValueError):
    """An answer that will not do; `key` and `args` name the text that says why."""

    def __init__(self, key: str, **args: object) -> None:
        super().__init__(key)
        self.key = key
        self.args_of_text = args


class _Back(Exception):
    """Somebody went back to the question before."""


class Interview:
    """Asks, in one language. What was answered before `BACK` is not asked again."""

    def __init__(self, terminal: Terminal, language: Language) -> None:
        self.language = language
        self._terminal = terminal
        self._texts = texts(language)["founding"]
        self._answers: list[str] = []
        self._next = 0
        self._goes_back = False

    def run(self, questions: Callable[["Interview"], T]) -> T:
        """Return what the questions come to."""
        self._goes_back = True
        while True:
            self._next = 0
            try:
                found = questions(self)
            except _Back:
                continue
            self._goes_back = False
            return found

    def words(self, key: str, **args: object) -> str:
        return self._texts[key].format(**args)

    def say(self, key: str, **args: object) -> None:
        self.line(self.words(key, **args))

    def line(self, text: str) -> None:
        """Say what no question follows from; silent while answers are gone through again."""
        if self._next >= len(self._answers):
            self._terminal.say(text)

    def ask(self, key: str, usual: str, read: Callable[[str], T], *, show: str | None = None, **args: object) -> T:
        """Return the answer to one question, as `read` understands it; `read` raises Wrong."""
        if self._next < len(self._answers):
            self._next += 1
            return read(self._answers[self._next - 1])
        shown = usual if show is None else show
        question = self.words(key, **args)
        prompt = f"{question} [{shown}] " if shown else f"{question} "
        while True:
            typed = self._terminal.ask(prompt).strip()
            if typed == BACK and self._goes_back:
                self._answers = self._answers[:-1]
                raise _Back
            try:
                read_so = read(typed or usual)
            except Wrong as wrong:
                self._terminal.say(f"  {self.words(wrong.key, **wrong.args_of_text)}")
                continue
            self._answers.append(typed or usual)
            self._next += 1
            return read_so

    def text(self, key: str, usual: str) -> str:
        return self.ask(key, usual, _text)

    def number(self, key: str, usual: int, *, low: int, high: int) -> int:
        return self.ask(key, str(usual), lambda typed: _number(typed, low, high))

    def yes(self, key: str, *, usual: bool, **args: object) -> bool:
        return self.ask(key, "y" if usual else "n", _yes, show="Y/n" if usual else "y/N", **args)

    def choice(self, key: str, options: Sequence[tuple[str, T]], *, usual: int = 1) -> T:
        """Return what stands behind the option that was chosen by its number; options are texts already."""
        if self._next >= len(self._answers):
            self._terminal.say(f"\n{self.words(key)}")
            for number, (text, _) in enumerate(options, start=1):
                self._terminal.say(f"  {number}. {text}")
        return options[self.ask("choose", str(usual), lambda typed: _option(typed, len(options))) - 1][1]


def _text(typed: str) -> str:
    if not typed:
        raise Wrong("must_be_given")
    return typed


def _number(typed: str, low: int, high: int) -> int:
    if not (typed.isascii() and typed.isdigit()) or not low <= int(typed) <= high:
        raise Wrong("out_of_range", low=low, high=high)
    return int(typed)


def _option(typed: str, count: int) -> int:
    if not (typed.isascii() and typed.isdigit()) or not 1 <= int(typed) <= count:
        raise Wrong("one_of", count=count)
    return int(typed)


def _yes(typed: str) -> bool:
    if typed.lower() in ("y", "yes", "是"):
        return True
    if typed.lower() in ("n", "no", "否"):
        return False
    raise Wrong("yes_no")
