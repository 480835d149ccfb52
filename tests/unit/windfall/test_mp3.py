"""MP3 frames: what is sound, how long it takes, and files put one behind the other."""

import io
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.speech import FRAME, FRAME_MILLISECONDS
from windfall.errors import InvalidInputError
from windfall.mp3 import header_frame, sound


def tone(seconds: float, rate: int, channels: int = 1) -> bytes:
    wave = np.sin(np.arange(int(seconds * rate)) * 0.05).astype("float32") * 0.3
    file = io.BytesIO()
    soundfile.write(file, np.column_stack([wave] * channels), rate, format="MP3")
    return file.getvalue()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100])
def test_files_put_together_have_the_length_of_their_frames(rate: int, channels: int) -> None:
    parts = [sound(tone(seconds, rate, channels)) for seconds in (0.5, 1.25, 0.1)]
    duration = sum((part.duration for part in parts), Fraction(0))
    data = b"".join(part.data for part in parts)

    whole = header_frame(data, sum(part.frames for part in parts), len(data)) + data

    read, found_rate = soundfile.read(io.BytesIO(whole))
    info = soundfile.info(io.BytesIO(whole))
    assert found_rate == rate
    # A decoder leaves out the delay of the first frame: at most two frames.
    assert float(duration) - 2 * 1152 / rate <= len(read) / rate <= float(duration)
    assert info.duration == pytest.approx(len(read) / rate, abs=2 * 1152 / rate)
    assert sound(whole) == sound(data)


def test_tags_and_header_frame_are_no_sound() -> None:
    tagged = b"ID3\x04\x00\x00\x00\x00\x00\x05hello" + FRAME * 3 + b"TAG" + bytes(125)
    assert sound(tagged).data == FRAME * 3
    assert sound(tagged).duration == Fraction(3 * FRAME_MILLISECONDS, 1000)


def test_rubbish_between_frames_is_skipped() -> None:
    assert sound(FRAME + b"\xff\x00rubbish\xff\xf3" + FRAME * 2).frames == 3


def test_a_frame_that_is_cut_off_is_left_out() -> None:
    assert sound(FRAME * 2 + FRAME[:100]).frames == 2


@given(st.binary(max_size=2_000))
def test_any_bytes_are_sound_or_refused(body: bytes) -> None:
    try:
        found = sound(body)
    except InvalidInputError:
        return
    assert found.frames > 0
    assert found.duration > 0
