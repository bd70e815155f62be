"""Films in the place of pictures, where one of Kivy's providers plays them on this machine."""

from typing import Any

from kivy.core.video import Video as Provider
from kivy.uix.widget import Widget

from ..slides import FILMS


def is_film(path: str) -> bool:
    return path.lower().endswith(FILMS)


def plays_films() -> bool:
    """Tell whether there is a provider; pip install ffpyplayer gives one."""
    return Provider is not None and Provider.__name__ != "VideoNull"


class Film:
    """One film at a time, silent, from its beginning, again and again."""

    def __init__(self, parent: Widget) -> None:
        self._parent = parent
        self._video: Any = None

    def play(self, path: str) -> None:
        """Play a file; no path: stop."""
        if self._video is not None:
            self._video.state = "stop"
            self._video.unload()
            self._parent.remove_widget(self._video)
            self._video = None
        if path and plays_films():
            from kivy.uix.video import Video  # noqa: PLC0415 - looks for a provider when it is imported

            self._video = Video(
                source=path, state="play", volume=0, size_hint=(None, None), options={"eos": "loop"}, fit_mode="contain"
            )
            self._parent.add_widget(self._video)

    def stand(self, pos: tuple[float, float], size: tuple[float, float]) -> None:
        if self._video is not None:
            self._video.pos, self._video.size = pos, size
