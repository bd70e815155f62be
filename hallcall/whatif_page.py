"""The page of `hallcall whatif`: a sentence, who gains and who loses, and how far to trust it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from broker.contract.messages import Hall, Language, Text
from broker.report.slip import wrapped
from broker.twin.change import AddedCounter, Target
from broker.twin.figures import CounterFigures, Group
from broker.twin.whatif import Comparison, Moved

from .terminal import columns

COLUMNS: Final = 118
COUNTERS_A_LINE: Final = 5
NEARLY_NOTHING_MIN: Final = 0.1  # a mean change below is not worth a sentence
_MINUTE_MS: Final = 60_000


def page(found: Comparison, hall: Hall, texts: Mapping[str, str], language: Language) -> list[str]:
    """Return the lines that a manager reads."""
    return _Page(found, hall, texts, language).lines()


class _Page:
    def __init__(self, found: Comparison, hall: Hall, texts: Mapping[str, str], language: Language) -> None:
        self._found, self._texts, self._language, self._hall = found, texts, language, hall
        self._services = {each.id: self._in(each.name) for each in hall.services}
        self._classes = {each.id: self._in(each.name) for each in hall.classes}

    def lines(self) -> list[str]:
        found = self._found
        lines = [self._title(), "", *self._summary(), "", self._texts["waits"], *self._waits()]
        if found.new_targets:
            lines += wrapped(self._texts["new_targets"], COLUMNS)
        if found.most_moved:
            lines += ["", self._texts["most"], *self._most_moved()]
        lines += ["", self._texts["counters"], *self._counters(), *self._balance(), "", *self._overtaken()]
        lines += ["", *self._fidelity()]
        if found.notes:
            lines += ["", self._texts["notes"], *self._notes()]
        return lines

    # Words ------------------------------------------------------------------------------------------------------------

    def _in(self, text: Text) -> str:
        return text.zh if self._language is Language.ZH else text.en

    def _say(self, key: str, **words: object) -> list[str]:
        return wrapped(self._texts[key].format(**words), COLUMNS)

    def _percent(self, share: float | None) -> str:
        return "–" if share is None else self._texts["percent"].format(value=f"{100 * share:.0f}")

    def _title(self) -> str:
        days = self._found.days
        span = self._texts["one_day" if len(days) == 1 else "more_days"]
        told = span.format(day=days[0], first=days[0], last=days[-1], count=len(days))
        return self._texts["title"].format(hall=self._in(self._hall.name), days=told)

    def _change(self) -> str:
        change, texts = self._found.change, self._texts
        said = []
        if change.policy is not None:
            before, after = texts[self._hall.policy.discipline.value], texts[change.policy.value]
            key = "change_policy" if before != after else "change_policy_same"
            said.append(texts[key].format(before=before, after=after))
        said += [self._target(each) for each in change.targets]
        said += [self._added(each) for each in change.added]
        said += [texts["change_closed"].format(counter=each) for each in change.closed]
        return texts["and"].join(said)

    def _target(self, target: Target) -> str:
        key = "change_target" if target.service is None else "change_target_service"
        service = self._services.get(target.service or "", "")
        name = self._classes[target.priority_class]
        return self._texts[key].format(priority_class=name, minutes=f"{target.minutes:g}", service=service)

    def _added(self, added: AddedCounter) -> str:
        texts = self._texts
        skills = texts["and"].join(self._services[each] for each in added.skills) or texts["everything"]
        key = "change_added" if added.from_ms is None and added.until_ms is None else "change_added_times"
        from_, until = _clock(added.from_ms), _clock(added.until_ms)
        return texts[key].format(
            skills=skills, **{"from": from_ or texts["opening"]}, until=until or texts["last_customer"]
        )

    def _summary(self) -> Iterator[str]:
        found, change = self._found, self._change()
        if not change:
            yield from self._say("summary_none")
            return
        moved, before, after = found.moved, found.before.all, found.after.all
        if not moved.gain and not moved.lose and found.left_before == found.left_after:
            yield from self._say("summary_same", change=change)
            return
        texts = self._texts
        gainers = texts["gainers" if moved.gain else "no_gainers"].format(
            gain=moved.gain, count=moved.customers, minutes=_size(moved.gain_median_min)
        )
        losers = texts["losers" if moved.lose else "no_losers"].format(
            lose=moved.lose, minutes=_size(moved.lose_median_min)
        )
        yield from self._say("summary", change=change, gainers=gainers, losers=losers)
        yield from self._say(
            "summary_nine",
            before=_figure(before.p90_wait_min),
            after=_figure(after.p90_wait_min),
            within_before=self._percent(before.share_within_target),
            within_after=self._percent(after.share_within_target),
        )
        if found.left_before != found.left_after:
            yield from self._say("summary_left", before=found.left_before, after=found.left_after)
        yield from self._gaining_and_losing_most()

    def _gaining_and_losing_most(self) -> Iterator[str]:
        groups = {self._classes[name]: moved for name, moved in self._found.moved_by_class.items()}
        if len(groups) < 2:  # noqa: PLR2004 - everybody is of one class
            groups = {self._services[name]: moved for name, moved in self._found.moved_by_service.items()}
        means = {name: moved.mean_min for name, moved in groups.items() if moved.mean_min is not None}
        if not means:
            return
        first, last = min(means, key=lambda name: means[name]), max(means, key=lambda name: means[name])
        if means[first] <= -NEARLY_NOTHING_MIN:
            yield from self._say("gains_most", name=first, minutes=_size(means[first]))
        if means[last] >= NEARLY_NOTHING_MIN:
            yield from self._say("loses_most", name=last, minutes=_size(means[last]))

    # Tables -----------------------------------------------------------------------------------------------------------

    def _waits(self) -> Iterator[str]:
        found, texts = self._found, self._texts
        heads = ("", *(texts[name] for name in ("customers", "mean", "p90", "within", "worst", "gain", "lose")))
        rows = [heads, self._row(texts["all"], found.before.all, found.after.all, found.moved)]
        for before, after, moved, names in (
            (found.before.by_class, found.after.by_class, found.moved_by_class, self._classes),
            (found.before.by_service, found.after.by_service, found.moved_by_service, self._services),
        ):
            if len(before) > 1:
                rows += [
                    self._row(names[each], before[each], after[each], moved.get(each))
                    for each in before
                    if each in after
                ]
        yield from _aligned(rows)

    def _row(self, name: str, before: Group, after: Group, moved: Moved | None) -> tuple[str, ...]:
        return (
            name,
            str(before.customers),
            _both(before.mean_wait_min, after.mean_wait_min),
            _both(before.p90_wait_min, after.p90_wait_min),
            f"{self._percent(before.share_within_target)} → {self._percent(after.share_within_target)}",
            _both(before.max_wait_min, after.max_wait_min),
            _some(moved.gain, moved.gain_median_min) if moved is not None else "–",
            _some(moved.lose, moved.lose_median_min) if moved is not None else "–",
        )

    def _most_moved(self) -> Iterator[str]:
        found, texts = self._found, self._texts
        names = ("day", "ticket", "class", "service", "wait", "change", "recorded")
        rows = [tuple(texts[name] for name in names)]
        rows += [
            (
                each.day,
                each.ticket or "–",
                self._classes.get(each.priority_class, each.priority_class),
                self._services.get(each.service, each.service),
                f"{each.before_min:.1f} → {each.after_min:.1f}",
                f"{each.after_min - each.before_min:+.1f}",
                _figure(each.recorded_min),
            )
            for each in found.most_moved
        ]
        first = 0 if len(found.days) > 1 else 1
        yield from _aligned([row[first:] for row in rows], left=4 - first)

    def _counters(self) -> Iterator[str]:
        before = {each.counter: each for each in self._found.before.counters}
        after = {each.counter: each for each in self._found.after.counters}
        cells = [
            f"{number:>2}: {self._busy(before.get(number))} → {self._busy(after.get(number))}"
            for number in sorted({*before, *after})
        ]
        for at in range(0, len(cells), COUNTERS_A_LINE):
            yield "  " + "".join(cell.ljust(22) for cell in cells[at : at + COUNTERS_A_LINE]).rstrip()

    def _busy(self, counter: CounterFigures | None) -> str:
        return self._percent(None if counter is None else counter.utilisation)

    def _balance(self) -> Iterator[str]:
        before, after = self._found.before.balance, self._found.after.balance
        if before is not None and after is not None:
            yield from self._say(
                "balance",
                before=self._percent(before.mean_utilisation),
                after=self._percent(after.mean_utilisation),
                jain_before=_figure(before.jain_index, 3),
                jain_after=_figure(after.jain_index, 3),
            )

    def _overtaken(self) -> list[str]:
        before, after = self._found.before.all, self._found.after.all
        return self._say(
            "overtaken",
            before=before.max_overtaken_times,
            after=after.max_overtaken_times,
            exempt_before=before.max_overtaken_exempt_times,
            exempt_after=after.max_overtaken_exempt_times,
            late_before=_figure(before.max_overtaken_min),
            late_after=_figure(after.max_overtaken_min),
        )

    def _fidelity(self) -> list[str]:
        before, recorded, fidelity = self._found.before.all, self._found.recorded.all, self._found.fidelity
        if not fidelity.customers:
            return self._say("fidelity_none")
        return self._say(
            "fidelity",
            mean=_figure(before.mean_wait_min),
            mean_recorded=_figure(recorded.mean_wait_min),
            p90=_figure(before.p90_wait_min),
            p90_recorded=_figure(recorded.p90_wait_min),
            within=self._percent(before.share_within_target),
            within_recorded=self._percent(recorded.share_within_target),
            off=_figure(fidelity.off_by_min),
        )

    def _notes(self) -> Iterator[str]:
        for note, count in self._found.notes.items():
            for at, line in enumerate(wrapped(self._texts[f"note_{note}"].format(count=count), COLUMNS - 4)):
                yield ("    " if at else "  - ") + line


def _some(count: int, median_min: float | None) -> str:
    return f"{count} ({median_min:+.1f})" if median_min is not None else str(count)


def _both(before: float | None, after: float | None) -> str:
    return f"{_figure(before)} → {_figure(after)}"


def _figure(value: float | None, places: int = 1) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _size(value: float | None) -> str:
    return _figure(abs(value) if value is not None else 0.0)


def _clock(at_ms: int | None) -> str:
    minutes = (at_ms or 0) // _MINUTE_MS
    return "" if at_ms is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


def _aligned(rows: Sequence[Sequence[str]], *, left: int = 1) -> Iterator[str]:
    """Yield table lines: the first columns to the left, the others to the right. Chinese is twice as wide."""
    widths = [max(columns(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = []
        for column, (cell, full) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (full - columns(cell))
            cells.append(cell + blank if column < left else blank + cell)
        yield ("  " + "  ".join(cells)).rstrip()
