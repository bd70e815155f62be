"""A hall's scale and the keypads of its counter boxes: a grade that no key sends is one that nobody can give."""

from collections.abc import Iterator
from pathlib import Path

from ..contract.messages import Rating, RatingScale
from ..pad_file import DESCRIBED, OWN_GRADES, OWN_KEYPAD, load_pad
from ..strict_toml import Finding, TomlFile


def keypad_findings(file: TomlFile, scale: RatingScale) -> Iterator[Finding]:
    """Yield each keypad of a box's file, in which nothing is wrong, that cannot send all of a hall's grades."""
    grades = [each.grade.value for each in scale.grades]
    for place, about in file.select("windows[].keypad"):
        if not isinstance(about, dict):
            continue
        driver, path = about.get("driver", OWN_KEYPAD), about.get("file", "")
        sent = _sent(str(driver), str(path))
        missing = [grade for grade in grades if grade not in sent]
        if missing:
            able = [each.value for each in Rating if each.value in sent]
            text = (
                f"its keys ({driver}) send {', '.join(able)}; the hall's scale also has "
                f"{', '.join(missing)}, which nobody could press here. Fit a keypad that has these keys, described in "
                "a `file`, or a tablet with the rating page; or state [[rating.grades]] in the hall file as the keys "
                "are"
            )
            yield Finding(place=place, text=text)


def _sent(driver: str, path: str) -> set[str]:
    if driver == OWN_KEYPAD:
        return set(OWN_GRADES)
    return {each.means for each in load_pad(Path(path), DESCRIBED[driver]).keys}
