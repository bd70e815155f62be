"""How bright signs are at an hour of the day. Pure."""

from collections.abc import Sequence
from datetime import time

from broker.sign_file import Dim


def brightness(usual: int | None, dims: Sequence[Dim], now: time) -> int | None:
    """Return percent at this hour, None where signs stay as they are set; of dims that overlap the first counts."""
    for dim in dims:
        begins, ends = time.fromisoformat(dim.begins), time.fromisoformat(dim.ends)
        is_over_midnight = ends <= begins
        if (begins <= now or now < ends) if is_over_midnight else (begins <= now < ends):
            return dim.brightness
    return 100 if usual is None and dims else usual
