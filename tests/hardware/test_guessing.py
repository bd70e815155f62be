import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.drivers.pad_codes import pad_code
from hardware.guessing import (
    NotUnderstood,
    Sample,
    Talk,
    bursts,
    guess,
    plausibility,
    polling,
    presses,
    single,
    told,
)
from hardware.pad_frames import FramedPad, FrameKey
from hardware.sign_frames import Check, checksum

KEYS = ("call", "start", "redirect", "finish")


@st.composite
def made_up(draw: st.DrawFn) -> tuple[list[Sample], bool]:
    """Draw frames of a model that nobody has seen: header, address, key and constants in any order, check, tail."""
    header = draw(st.binary(min_size=1, max_size=3))
    tail = draw(st.binary(max_size=2))
    kind = draw(st.sampled_from(Check))
    body = draw(st.permutations(["address", "key", "const"]))
    codes = draw(st.lists(st.integers(0, 255), min_size=4, max_size=4, unique=True))
    devices = draw(st.lists(st.integers(1, 127), min_size=1, max_size=2, unique=True))
    counts = draw(st.booleans())
    const = draw(st.binary(min_size=1, max_size=2))
    covers_header = draw(st.booleans())
    counter = itertools.count(draw(st.integers(0, 250)))
    samples = []
    for (device, address), (key, code), _ in itertools.product(
        enumerate(devices), zip(KEYS, codes, strict=True), "abc"
    ):
        middle = b"".join({"address": bytes((address,)), "key": bytes((code,)), "const": const}[each] for each in body)
        if counts:
            middle += bytes((next(counter) & 0xFF,))
        check = checksum(kind, (header if covers_header else b"") + middle)
        samples.append(Sample(key=key, device=device, frame=header + middle + check + tail))
    return samples, len(devices) > 1


@given(made_up())
def test_a_format_that_nobody_has_seen_is_understood_from_three_presses_of_each_key(
    case: tuple[list[Sample], bool],
) -> None:
    samples, has_two_devices = case
    found = guess(samples)
    pad = FramedPad(
        press=found.frame,
        check=found.check,
        keys=tuple(FrameKey(sends=sends.hex(), means=key) for key, sends in found.keys.items()),
    )
    code = pad_code(pad)
    for each in samples:
        said = code.feed(each.frame)
        assert [one.means for one in said] == [each.key], (found, each)
        if has_two_devices:
            assert said[0].address == found.addresses[each.device]
    assert code.discarded_bytes == 0


@pytest.mark.parametrize("kind", list(Check))
def test_the_checksum_is_told_by_its_name(kind: Check) -> None:
    samples = []
    for number, key in enumerate(KEYS):
        body = bytes((0x81, 0x20 + 37 * number))
        samples.append(Sample(key=key, frame=b"\xaa" + body + checksum(kind, body) + b"\x0d"))
    found = guess(samples)
    assert found.check is kind
    wanted = "AA 81 {key} 0D" if kind is Check.NONE else "{check} 0D"
    assert found.frame.endswith(wanted)


def test_a_checksum_that_nobody_knows_becomes_a_part_of_the_key() -> None:
    samples = [Sample(key=key, frame=bytes((0x7E, n, 0x99, (n * 7 + 3) & 0xFF, 0x7F))) for n, key in enumerate(KEYS)]
    found = guess(samples)
    assert (found.frame, found.check) == ("7E {key} 7F", Check.NONE)
    assert found.keys["start"] == bytes((1, 0x99, 10))


def test_addresses_in_two_digits_are_known_as_such() -> None:
    frame = "P{:02d}K{}\r"
    samples = [
        Sample(key=key, device=device, frame=frame.format(address, number).encode())
        for device, address in enumerate((3, 4))
        for number, key in enumerate(KEYS)
    ]
    found = guess(samples)
    assert found.frame == "50 {address-digits} 4B {key} 0D"
    assert found.addresses == {0: 3, 1: 4}


def test_what_cannot_be_understood_says_so() -> None:
    with pytest.raises(NotUnderstood, match="nothing"):
        guess([])
    with pytest.raises(NotUnderstood, match="same"):
        guess([Sample(key="call", frame=b"abc"), Sample(key="start", frame=b"abc")])
    with pytest.raises(NotUnderstood, match="lengths"):
        guess([Sample(key="call", frame=b"abc"), Sample(key="start", frame=b"abcd")])


def test_noise_of_another_length_is_left_out() -> None:
    good = [Sample(key=key, frame=bytes((1, n, 7))) for n, key in enumerate(KEYS)]
    assert guess([*good, Sample(key="call", frame=b"\x00")]).left_out == 1


def test_a_pause_ends_a_burst_and_a_held_key_is_one_frame() -> None:
    timed = [(0.0, b"\x01"), (0.01, b"\x02"), (0.5, b"\x03"), (0.6, b"\x04")]
    assert bursts(timed, silence_s=0.05) == [b"\x01\x02", b"\x03", b"\x04"]
    assert single(b"\x01\x05\x07" * 3) == b"\x01\x05\x07"
    assert single(b"\x01\x05\x07\x08") == b"\x01\x05\x07\x08"


def test_frames_at_the_right_speed_look_better_than_their_ruins() -> None:
    frame = b"\x55\xaa\x03\x01" + checksum(Check.XOR, b"\x55\xaa\x03\x01") + b"\x0d"
    assert plausibility([frame] * 3) > plausibility([b"\xf8\x00\xfe\xe0"] * 3) > plausibility([]) == 0


def test_the_talk_of_an_old_host_tells_its_polls_and_what_its_pads_say() -> None:
    def round_of(answers: dict[int, bytes]) -> list[Talk]:
        talk = []
        for address in (1, 2):
            talk.append(Talk(from_host=True, frame=bytes((2, 1, address, 3))))
            if address in answers:
                talk.append(Talk(from_host=False, frame=answers[address]))
        return talk

    idle = {address: bytes((2, 3, address, 0, 3)) for address in (1, 2)}
    how = polling(round_of(idle) * 4)
    assert how is not None
    assert how.polls == (b"\x02\x01\x01\x03", b"\x02\x01\x02\x03")
    pressed = round_of(idle) + round_of(idle | {2: b"\x02\x03\x02\x31\x03"}) + [Talk(from_host=True, frame=b"\x02\x09")]
    assert presses(pressed, how, "call") == [Sample(key="call", device=1, frame=b"\x02\x03\x02\x31\x03")]
    assert told(pressed, how) == [b"\x02\x09"]
    assert told([Talk(from_host=True, frame=b"\x02\x09" + how.polls[0])], how) == [b"\x02\x09"]
    assert polling([Talk(from_host=False, frame=b"\x01")]) is None
