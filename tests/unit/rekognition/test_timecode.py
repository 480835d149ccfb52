"""SMPTE timecodes, by frames and by the clock."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.services.rekognition.video.timecode import timecode

NTSC = 30000 / 1001


@pytest.mark.parametrize(
    ("seconds", "rate", "code"),
    [
        # The developer guide's own: 24 frames a second.
        (29.041, 24.0, "00:00:29:01"),
        (225.083, 24.0, "00:03:45:02"),
        (470.333, 24.0, "00:07:50:08"),
        (0.0, 25.0, "00:00:00:00"),
        (3661.48, 25.0, "01:01:01:12"),
        (1.0, 23.976, "00:00:01:00"),
        (0.0, 0.0, "00:00:00:00"),
        # Numbers drop at each minute but the tenth.
        (1799 / NTSC, NTSC, "00:00:59;29"),
        (1800 / NTSC, NTSC, "00:01:00;02"),
        (17982 / NTSC, NTSC, "00:10:00;00"),
        (3600 / (2 * NTSC), 2 * NTSC, "00:01:00;04"),
    ],
)
def test_known_codes(seconds: float, rate: float, code: str) -> None:
    assert timecode(seconds, rate) == code


@given(st.integers(0, 6 * 3600))
def test_dropping_numbers_keeps_up_with_the_clock(second: int) -> None:
    code = timecode(second, NTSC)
    hours, minutes, rest = code.split(":")
    whole, frame = rest.split(";")
    told = int(hours) * 3600 + int(minutes) * 60 + int(whole) + Fraction(int(frame), 30)
    assert abs(told - second) <= Fraction(4, 30)


@given(st.integers(0, 500_000), st.sampled_from([NTSC, 2 * NTSC]))
def test_each_frame_has_a_code_of_its_own(frame: int, rate: float) -> None:
    assert timecode(frame / rate, rate) < timecode((frame + 1) / rate, rate)
