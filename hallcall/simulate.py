"""`hallcall simulate HALL.toml`: plays a hall on virtual time, with the code that runs it live."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec.structs import replace

from broker.config import BrokenConfig, load_simulation
from broker.contract.messages import Discipline, Hall
from broker.twin.customers_file import arrivals, service_times
from broker.twin.figures import Figures, Group
from broker.twin.refusals import CannotSimulate
from broker.twin.settings import Simulation
from broker.twin.simulation import replay, simulate, simulate_days

EVERY_S: Final = 5.0  # how often a percentage is told where a bar cannot be drawn
BAR: Final = 30
REDRAW_S: Final = 0.2


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    begun = time.perf_counter()
    try:
        figures = _figures(options)
    except (BrokenConfig, CannotSimulate) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode() + "\n")
    else:
        sys.stdout.write("\n".join(table(figures, wall_s=time.perf_counter() - begun)) + "\n")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hallcall simulate",
        description="Play a hall on virtual time, with the code that runs it live. docs/simulation.md explains it.",
    )
    parser.add_argument("hall", metavar="HALL.toml", type=Path, help="a hall file, with a table [simulate]")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--customers", metavar="N", type=_positive, help="customers who count, after the warm-up")
    length.add_argument("--days", metavar="N", type=_positive, help="whole days by the hall's hours instead")
    length.add_argument(
        "--arrivals",
        metavar="FILE.csv",
        type=Path,
        help="recorded customers instead: columns arrival (seconds or ISO time), service, class, service_s and, "
        "if you like, patience_s and booked; [simulate] is not needed then",
    )
    parser.add_argument("--warm-up", metavar="N", type=_not_negative, help="customers before them, left out")
    parser.add_argument("--seed", metavar="S", type=_not_negative, help="of the random numbers")
    names = [each.value for each in Discipline]
    parser.add_argument("--policy", metavar="NAME", choices=names, help=f"instead of the hall's: {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    options = parser.parse_args(arguments)
    if options.warm_up is not None and (options.days is not None or options.arrivals is not None):
        parser.error("--warm-up goes with --customers only: of whole days and of recorded customers all count")
    return options


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number") from error


def _positive(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _not_negative(text: str) -> int:
    number = _whole(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


def _figures(options: argparse.Namespace) -> Figures:
    hall, simulation = load_simulation(options.hall)
    if options.policy is not None:
        hall = replace(hall, policy=replace(hall.policy, discipline=Discipline(options.policy)))
    with Bar() as bar:
        if options.arrivals is not None:
            return replay(hall, arrivals(options.arrivals, hall), progress=bar.show)
        return _drawn(options, hall, simulation, bar)


def _drawn(options: argparse.Namespace, hall: Hall, simulation: Simulation | None, bar: "Bar") -> Figures:
    if simulation is None:
        raise CannotSimulate(
            f"{options.hall}: no table [simulate], which says who comes and how long things take; "
            "add it (docs/simulation.md shows how), or give recorded customers with --arrivals"
        )
    files = {each.file for each in simulation.service_times if each.file is not None}
    samples = {file: service_times(options.hall.parent / file) for file in sorted(files)}
    seed = simulation.seed if options.seed is None else options.seed
    if options.days is not None:
        return simulate_days(hall, simulation, samples, days=options.days, seed=seed, progress=bar.show)
    return simulate(
        hall,
        simulation,
        samples,
        customers=options.customers or simulation.customers,
        warm_up=simulation.warm_up if options.warm_up is None else options.warm_up,
        seed=seed,
        progress=bar.show,
    )


class Bar:
    """Progress on stderr: a bar where somebody looks at it, else a percentage now and then; short plays show none."""

    def __init__(self, *, since_s: float | None = None) -> None:
        self._is_drawn = sys.stderr.isatty()
        begun_s = time.monotonic() if since_s is None else since_s
        self._next_s = begun_s + (1.0 if self._is_drawn else EVERY_S)
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._is_drawn:
            sys.stderr.write("\r" + " " * (BAR + 10) + "\r")
            sys.stderr.flush()

    def show(self, done: int, of: int) -> None:
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._shown = True
        if self._is_drawn:
            full = BAR * done // of
            sys.stderr.write(f"\r[{'#' * full}{'.' * (BAR - full)}] {100 * done // of:3d} %")
        else:
            sys.stderr.write(f"{100 * done // of} %\n")
        sys.stderr.flush()
        self._next_s = now_s + (REDRAW_S if self._is_drawn else EVERY_S)


# The table ------------------------------------------------------------------------------------------------------------

_COLUMNS: Final = (
    "", "customers", "mean wait", "± s.e.", "p50", "p90", "p95", "max", "target", "within", "worst/target", "no-shows"
)  # fmt: skip


def table(figures: Figures, *, wall_s: float) -> Iterator[str]:
    """Yield the lines that people read."""
    speed = (figures.customers + figures.warm_up_customers) / wall_s if wall_s > 0 else 0
    what = {"customers": "customers drawn", "days": f"customers on {figures.days} days", "arrivals": "recorded"}
    yield (
        f"{figures.hall}: {figures.customers} {what[figures.source]}, policy {figures.policy}"
        + (f", seed {figures.seed}" if figures.seed is not None else "")
        + (f", after {figures.warm_up_customers} to warm up" if figures.warm_up_customers else "")
    )
    yield f"{figures.simulated_min:.0f} minutes simulated in {wall_s:.1f} s ({speed:.0f} customers/s)"
    yield ""
    rows = [_COLUMNS, _row("all", figures.all)]
    for groups in (figures.by_class, figures.by_service):
        if len(groups) > 1:
            rows += [_row(name, group) for name, group in groups.items()]
    both = figures.by_service_and_class
    if len(figures.by_class) > 1 and len(figures.by_service) > 1:
        rows += [_row(f"{service}, {name}", group) for service, of in both.items() for name, group in of.items()]
    yield from _aligned(rows)
    batches = figures.all.batches
    errors = f"± standard error, by the means of {batches} batches." if batches else "too few for standard errors."
    yield f"Waits in minutes, from ticket to first call; {errors}"
    yield ""
    yield (
        f"Overtaken at most {figures.all.max_overtaken_times} times, and by a ticket "
        f"{figures.all.max_overtaken_min:.2f} min younger; "
        f"{figures.all.max_overtaken_exempt_times} times by calls outside the bound."
    )
    if figures.all.capped:
        yield f"Ordinary, because their class was used up for the hour: {figures.all.capped}."
    if figures.all.unserved:
        yield f"Sent home unserved: {figures.all.unserved}."
    for reason, count in figures.turned_away.items():
        yield f"Got no ticket ({reason}): {count}."
    yield ""
    yield from _aligned(
        [
            ("counter", "served", "utilisation"),
            *((str(each.counter), str(each.served), f"{each.utilisation:.3f}") for each in figures.counters),
        ]
    )
    balance = figures.balance
    yield (
        f"Utilisation {balance.mean_utilisation:.3f}, CV {_figure(balance.utilisation_cv, 3)}, "
        f"Jain's index {_figure(balance.jain_index, 4)}."
    )


def _row(name: str, group: Group) -> tuple[str, ...]:
    return (
        name,
        str(group.customers),
        _figure(group.mean_wait_min),
        _figure(group.mean_wait_se_min),
        _figure(group.p50_wait_min),
        _figure(group.p90_wait_min),
        _figure(group.p95_wait_min),
        _figure(group.max_wait_min),
        _figure(group.target_min),
        _percent(group.share_within_target),
        _figure(group.worst_wait_to_target),
        f"{group.no_shows} ({_percent(group.no_show_share)})" if group.no_shows else "0",
    )


def _figure(value: float | None, places: int = 2) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        first, *others = (
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()
