"""What every pad and keypad driver keeps, whatever its language and whatever its cable does."""

import asyncio
import random
import tracemalloc
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.devices import Port, PortGone
from hardware.line import Line
from hardware.ports import open_port
from hardware.simulators.bad_cable import LossyPort, OneByteAtATime

from .pad_models import MODELS, Far, Model

Start = Callable[[Coroutine[object, object, object]], None]
Wrap = Callable[[Port], Port]
PATIENCE_S = 15
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


class Hall:
    """A driver at its line, and all that it heard."""

    def __init__(self, model: Model, link: Path, far: Far, start: Start, wrap: Wrap = lambda port: port) -> None:
        async def cable(url: str) -> Port:
            return wrap(await open_port(url))

        self.model, self.far = model, far
        self.heard: list[tuple[int, int]] = []
        self.news = asyncio.Event()
        self.losses = 0
        self.ups = 0
        self.line = Line(f"serial:{link}", opener=cable, on_link=self._linked)
        self.driver = model.driver(self.line)
        start(self._listen())
        start(self.line.run())

    async def until(self, wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self.news.clear()
                await self.news.wait()

    async def up(self) -> None:
        """Wait for the line, and until polled devices have said that they are there."""
        await self.until(lambda: self.ups > self.losses)
        if self.model.polled:
            async with asyncio.timeout(PATIENCE_S):
                while not all(each.is_known for each in self.driver.heard.values()):  # type: ignore[attr-defined]  # noqa: ASYNC110 - drivers tell nobody
                    await asyncio.sleep(0)

    def press(self, address: int, number: int) -> None:
        self.model.press(self.far, address, number)

    def waits_for_release(self, address: int) -> bool:
        """Tell whether a key's register has not been seen empty again."""
        return self.model.name == "modbus-pads" and bool(self.driver.heard[address].before)  # type: ignore[attr-defined]

    async def _listen(self) -> None:
        while True:
            try:
                async for each in self.model.heard(self.driver):
                    self.heard.append(each)
                    self.news.set()
            except PortGone:
                continue

    def _linked(self, up: bool, _reason: str) -> None:  # noqa: FBT001 - the line's callback has this shape
        self.ups += up
        self.losses += not up and self.ups > 0
        self.news.set()


def wanted(model: Model) -> list[tuple[int, int]]:
    return [(address, number) for address in model.addresses for number in (0, 3, 1)]


async def press_all(hall: Hall, presses: list[tuple[int, int]], *, between: bytes = b"") -> None:
    """Press one after another, as a hand does: each is heard before the next."""
    for count, (address, number) in enumerate(presses, start=len(hall.heard) + 1):
        if between:
            hall.far.cable.send(between)
        async with asyncio.timeout(PATIENCE_S):
            while hall.waits_for_release(address):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)
        hall.press(address, number)
        await hall.until(lambda count=count: len(hall.heard) >= count)  # type: ignore[misc]


@every_model
@pytest.mark.parametrize("wrap", [lambda port: port, OneByteAtATime], ids=["whole", "one byte at a time"])
async def test_each_press_is_heard_once_and_in_order(model: Model, link: Path, start: Start, wrap: Wrap) -> None:
    async with model.far(link) as far:
        hall = Hall(model, link, far, start, wrap)
        await hall.up()
        await press_all(hall, wanted(model))
        assert hall.heard == wanted(model)


@every_model
async def test_garbage_between_frames_costs_no_press(model: Model, link: Path, start: Start) -> None:
    if model.name == "hid-pad":
        pytest.skip("the kernel hands over whole records: nothing can stand between them")
    async with model.far(link) as far:
        hall = Hall(model, link, far, start)
        await hall.up()
        presses = wanted(model)
        await press_all(hall, presses, between=b"" if model.polled else b"\x00\xff\x80\x1b!")
        if model.polled:
            far.cable.send(b"\x00\xff\x80\x1b!")
            await press_all(hall, presses)
            presses = presses * 2
        assert hall.heard == presses
        assert hall.driver.discarded_bytes >= 5  # type: ignore[attr-defined]


@every_model
async def test_a_cable_that_loses_bytes_never_invents_a_key(model: Model, link: Path, start: Start) -> None:
    async with model.far(link) as far:
        hall = Hall(model, link, far, start, lambda port: LossyPort(port, seed=11, lost=0.03, flipped=0.0))
        await hall.until(lambda: hall.ups > 0)
        address = model.addresses[0]
        async with asyncio.timeout(PATIENCE_S):
            while len(hall.heard) < 6:
                if not hall.waits_for_release(address):
                    hall.press(address, 1)
                await asyncio.sleep(0.02)
        assert set(hall.heard) == {(address, 1)}


@every_model
def test_a_parity_error_spoils_one_frame_and_not_the_next(model: Model) -> None:
    frame = model.frame(model.addresses[-1], 2)
    spoilt = [frame[:at] + b"\x00" + frame[at + 1 :] for at in range(len(frame)) if frame[at]]
    decoder = model.decoder()
    good = decoder.feed(frame)
    model.lapse(decoder)
    for each in spoilt:
        said = [*decoder.feed(each), *(model.lapse(decoder) or ())]  # type: ignore[misc]
        assert decoder.feed(frame) == good, each.hex(" ")
        assert len([one for one in said if getattr(one, "means", "any")]) <= 1  # a key that goes up is no press
        model.lapse(decoder)


@every_model
async def test_a_cable_pulled_amid_a_frame_is_put_in_again_without_a_restart(
    model: Model, link: Path, start: Start
) -> None:
    async with model.far(link) as far:
        hall = Hall(model, link, far, start)
        await hall.up()
        await press_all(hall, [(model.addresses[0], 1)])
        half = model.frame(model.addresses[0], 3)
        far.cable.send(half[: len(half) // 2])
        await asyncio.sleep(0.03)  # so long the half takes over its wire
        far.cable.unplug()
        await hall.until(lambda: hall.losses == 1)
        far.cable.plug()
        await hall.until(lambda: hall.ups == 2)
        await hall.up()
        await press_all(hall, [(model.addresses[0], 2)])
        assert hall.heard == [(model.addresses[0], 1), (model.addresses[0], 2)]


@every_model
async def test_a_press_from_before_an_outage_is_never_heard_after_it(model: Model, link: Path, start: Start) -> None:
    async with model.far(link) as far:
        hall = Hall(model, link, far, start)
        await hall.up()
        far.cable.unplug()
        await hall.until(lambda: hall.losses == 1)
        if model.polled:  # the others have nobody to tell
            hall.press(model.addresses[0], 3)
        far.cable.plug()
        await hall.until(lambda: hall.ups == 2)
        await hall.up()
        await press_all(hall, [(model.addresses[0], 2)])
        assert hall.heard == [(model.addresses[0], 2)]


@every_model
@given(noise=st.lists(st.binary(max_size=60), max_size=6), data=st.data())
def test_after_any_noise_and_a_silence_the_next_frame_is_understood(
    model: Model, noise: list[bytes], data: st.DataObject
) -> None:
    frame = model.frame(data.draw(st.sampled_from(model.addresses)), data.draw(st.integers(0, 3)))
    good = model.decoder().feed(frame)
    assert good
    decoder = model.decoder()
    for chunk in noise:
        decoder.feed(chunk + frame[: data.draw(st.integers(0, len(frame) - 1))])
    model.lapse(decoder)
    if model.name == "line-pads":
        decoder.feed(b"\n")
    assert list(decoder.feed(frame))[-len(good) :] == good


@every_model
@given(chunks=st.lists(st.binary(max_size=200), max_size=20))
@settings(deadline=None)
def test_no_noise_whatever_breaks_a_decoder(model: Model, chunks: list[bytes]) -> None:
    decoder = model.decoder()
    for chunk in chunks:
        decoder.feed(chunk)
    assert 0 <= decoder.discarded_bytes <= sum(map(len, chunks))


@every_model
def test_endless_noise_takes_no_memory(model: Model) -> None:
    dice = random.Random(5)  # noqa: S311 - noise
    frame = model.frame(model.addresses[0], 0)
    decoder = model.decoder()
    decoder.feed(dice.randbytes(20_000))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(20):
        decoder.feed(dice.randbytes(2000) + frame[:-1])
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 20_000
