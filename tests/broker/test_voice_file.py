"""What a voice's file may say."""

from pathlib import Path

import pytest

from broker.config import BrokenConfig, DisplayFile, load_node
from broker.contract.messages import Language

FILE = """
node = "voice-1"
hall = "east"
state_dir = "/tmp"

[broker]
password_file = "/tmp/password"

[voice]
zone = "main"
"""


def loaded(tmp_path: Path, more: str) -> DisplayFile:
    path = tmp_path / "voice.toml"
    path.write_text(FILE + more, encoding="utf-8")
    return load_node(path, DisplayFile)


def test_languages_come_in_any_order_and_a_neural_voice_is_a_command(tmp_path: Path) -> None:
    file = loaded(
        tmp_path,
        'languages = ["en", "zh", "en"]\n'
        '[[voice.quiet]]\nbegin = "22:00"\nend = "06:00"\nvolume_db = -20\n'
        '[[voice.engines]]\ncommand = ["piper", "--output_file", "{wav}"]\nlanguages = ["zh"]\n',
    )
    assert file.voice is not None
    assert file.voice.languages == (Language.EN, Language.ZH, Language.EN)
    assert file.voice.engines[0].patience_s == 4.0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[voice.engines]]\ncommand = ["piper"]\nlanguages = ["zh"]\n', "{wav}"),
        ('[[voice.quiet]]\nbegin = "12:00"\nend = "12:00"\nvolume_db = -3\n', "the same time"),
        ('[[voice.quiet]]\nbegin = "24:00"\nend = "12:00"\nvolume_db = -3\n', "begin"),
        ("volume_db = 6\n", "volume_db"),
        ("languages = []\n", "languages"),
    ],
)
def test_what_would_speak_to_nobody_is_refused_with_its_line(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(BrokenConfig, match=r"voice\.toml:\d+: ") as refused:
        loaded(tmp_path, more)
    assert said in str(refused.value)
