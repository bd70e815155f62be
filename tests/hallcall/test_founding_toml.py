"""What is written as TOML is read again as it was."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallcall.founding.toml_text import toml_text

KEYS = st.text(min_size=1, max_size=6) | st.sampled_from(["zh", "en", "id", "port", "two words"])
LEAVES = (
    st.text(max_size=12).filter(lambda text: text.isprintable() or "\n" in text)
    | st.integers(-(2**40), 2**40)
    | st.floats(-1e9, 1e9)
    | st.booleans()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)


@settings(max_examples=150, deadline=None)
@given(tables=st.dictionaries(KEYS, VALUES, max_size=5))
def test_every_table_is_read_as_it_was_written(tables: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(tables)) == tables


def test_a_file_reads_as_a_person_would_write_it() -> None:
    tables = {
        "id": "east",
        "boxes": [{"box": "kiosk-1", "kiosk": {"printer": {"port": "usblp:/dev/usb/lp0"}, "screen": {"width": 800}}}],
        "name": {"zh": "东厅", "en": "East"},
        "voice": {},
    }
    assert toml_text(tables, about=["A hall."]) == (
        '# A hall.\nid = "east"\nname = { zh = "东厅", en = "East" }\n\n'
        '[[boxes]]\nbox = "kiosk-1"\n\n'
        '[boxes.kiosk]\nprinter = { port = "usblp:/dev/usb/lp0" }\nscreen = { width = 800 }\n\n'
        "[voice]\n"
    )


def test_what_toml_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        toml_text({"nothing": None})
