"""The page of `hallcall ratings`: the rates beside one another, with how far to trust each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from broker.contract.messages import Language, Text
from broker.report.ratings import Group, Ratings, Share
from broker.report.slip import wrapped

from .terminal import columns, filled

COLUMNS: Final = 118
_NAME: Final = 24
_CELL: Final = 18
_TOLD: Final = ("served", "rated", "strict", "all", "response")


def page(found: Ratings, texts: Mapping[str, str], language: Language) -> list[str]:
    """Return the lines that a manager reads."""
    return list(_Page(found, texts, language).lines())


class _Page:
    def __init__(self, found: Ratings, texts: Mapping[str, str], language: Language) -> None:
        self._found, self._texts, self._language = found, texts, language
        self._services = {each.id: self._in(each.name) for each in found.hall.services}
        self._grades = {each.grade.value: self._in(each.name) for each in found.hall.rating.grades}
        self._reasons = {each.id: self._in(each.name) for each in found.hall.rating.reasons}

    def lines(self) -> Iterator[str]:
        found, total = self._found, self._found.total
        yield self._title()
        yield ""
        if not total.served:
            yield self._texts["nobody"]
            return
        yield self._say(
            "served",
            served=total.served,
            rated=total.response.count,
            none=total.not_rated,
            flagged=total.flagged,
        )
        yield self._say("grades", grades=self._counts("grade", total.grades, self._grades))
        yield from self._extras()
        yield ""
        yield _row("", [self._texts[f"column_{each}"] for each in _TOLD])
        yield self._line(total, self._texts["head_all"])
        yield from self._table("head_wait", found.by_wait, lambda key: key)
        if any(group.key != "none" for group in found.by_promise):
            yield from self._table("head_promise", found.by_promise, lambda key: self._texts[key])
        yield from self._table("head_clerk", found.by_clerk, lambda key: key or self._texts["window_only"])
        yield from self._table("head_counter", found.by_counter, lambda key: key)
        yield from self._table("head_service", found.by_service, lambda key: self._services.get(key, key))
        yield ""
        yield from wrapped(self._texts["explained"], COLUMNS)

    def _in(self, text: Text) -> str:
        return text.zh if self._language is Language.ZH else text.en

    def _say(self, key: str, **words: object) -> str:
        return self._texts[key].format(**words)

    def _title(self) -> str:
        days = self._found.days
        span = "one_day" if len(days) == 1 else "more_days"
        told = self._say(span, day=days[0], first=days[0], last=days[-1], count=len(days))
        return self._say("title", hall=self._in(self._found.hall.name), days=told)

    def _counts(self, key: str, counts: Mapping[str, int], names: Mapping[str, str]) -> str:
        told = (self._say(key, **{key: names.get(each, each), "count": count}) for each, count in counts.items())
        return self._texts["between"].join(told)

    def _extras(self) -> Iterator[str]:
        found = self._found
        flags = [self._say(f"flag_{each}", count=count) for each, count in found.flags.items() if count]
        if flags:
            yield self._say("flags", flags=self._texts["between"].join(flags))
        if found.reasons:
            yield self._say("reasons", reasons=self._counts("reason", found.reasons, self._reasons))
        for key, count in (("cases", found.cases), ("unasked", found.unasked), ("unbound", found.unbound)):
            if count:
                yield self._say(key, count=count)

    def _table(self, head: str, groups: Sequence[Group], name: Callable[[str], str]) -> Iterator[str]:
        if not groups:
            return
        yield ""
        yield self._texts[head]
        for group in groups:
            yield self._line(group, f"  {name(group.key)}")

    def _line(self, group: Group, name: str) -> str:
        shares = (group.rated, group.strict, group.all_served, group.response)
        return _row(name, [str(group.served), *map(self._share, shares)])

    def _share(self, share: Share) -> str:
        if share.rate is None or share.low is None or share.high is None:
            return self._texts["nothing"]
        told = self._say(
            "interval",
            value=f"{100 * share.rate:.0f}",
            low=f"{100 * share.low:.0f}",
            high=f"{100 * share.high:.0f}",
        )
        return f"{told}*" if share.is_small else f"{told} "


def _row(name: str, cells: Sequence[str]) -> str:
    return (filled(name, _NAME) + "".join(" " * max(1, _CELL - columns(each)) + each for each in cells)).rstrip()
