"""The table `[simulate]` of a hall file: who comes, how long each service takes, who gives up."""

from enum import Enum
from typing import Annotated

from msgspec import Meta, Struct

from ..contract.messages import ORDINARY, Id

Minutes = Annotated[float, Meta(ge=0, le=100_000)]


class Kind(Enum):
    """How a length of time is drawn."""

    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    DETERMINISTIC = "deterministic"
    EMPIRICAL = "empirical"


class Stream(Struct, frozen=True, kw_only=True):
    """Customers of one class who come for one service, independently of one another (a Poisson stream)."""

    service: Annotated[Id, Meta(description="what they come for")]
    priority_class: Annotated[Id, Meta(description="their class")] = ORDINARY
    per_min: Annotated[
        Annotated[float, Meta(ge=0, le=100_000)] | None, Meta(description="arrivals per minute, all day long")
    ] = None
    by_hour: Annotated[
        tuple[Annotated[float, Meta(ge=0, le=100_000)], ...],
        Meta(description="instead: arrivals per minute in each hour of the day, one number an hour"),
    ] = ()
    from_hour: Annotated[
        Annotated[int, Meta(ge=0, le=23)] | None,
        Meta(description="hour of the first number of by_hour; left out: by_hour has all 24, from midnight"),
    ] = None


class ServiceTime(Struct, frozen=True, kw_only=True):
    """How long a counter is busy with a customer, from the call to the end. The most particular table applies."""

    service: Annotated[Id | None, Meta(description="service that it is about; left out: all")] = None
    priority_class: Annotated[Id | None, Meta(description="class that it is about; left out: all")] = None
    kind: Annotated[Kind, Meta(description="exponential, lognormal, deterministic or empirical")]
    mean_min: Annotated[Minutes | None, Meta(description="mean, in minutes; not for empirical")] = None
    cv: Annotated[
        Annotated[float, Meta(ge=0, le=100)] | None,
        Meta(description="standard deviation divided by the mean, for lognormal"),
    ] = None
    file: Annotated[
        str | None,
        Meta(description="for empirical: CSV file with a column service_s, beside the hall file; drawn with return"),
    ] = None


class Patience(Struct, frozen=True, kw_only=True):
    """How long customers wait for their call before they leave. The most particular table applies; none: for ever."""

    service: Annotated[Id | None, Meta(description="service that it is about; left out: all")] = None
    priority_class: Annotated[Id | None, Meta(description="class that it is about; left out: all")] = None
    kind: Annotated[Kind, Meta(description="exponential, lognormal or deterministic")] = Kind.EXPONENTIAL
    mean_min: Annotated[Minutes, Meta(description="mean, in minutes")]
    cv: Annotated[
        Annotated[float, Meta(ge=0, le=100)] | None,
        Meta(description="standard deviation divided by the mean, for lognormal"),
    ] = None


class Simulation(Struct, frozen=True, kw_only=True):
    """For `hallcall simulate`: who comes, and how long things take. The dispatcher ignores it."""

    customers: Annotated[int, Meta(ge=1, le=100_000_000, description="customers who count, after the warm-up")] = 50_000
    warm_up: Annotated[
        int,
        Meta(ge=0, le=100_000_000, description="customers before them, left out of the figures; not for whole days"),
    ] = 1000
    seed: Annotated[int, Meta(ge=0, description="of the random numbers")] = 1
    arrivals: Annotated[tuple[Stream, ...], Meta(min_length=1)]
    service_times: Annotated[tuple[ServiceTime, ...], Meta(min_length=1)]
    patience: Annotated[tuple[Patience, ...], Meta()] = ()
