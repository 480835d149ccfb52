"""SMPTE timecode."""

from __future__ import annotations

_DROPPING = {30: 2, 60: 4}
"""Nominal rates whose thousand-and-first part is slower: frame numbers that are left out at each
minute but the tenth, so that the code keeps up with the clock (SMPTE ST 12-1)."""


def timecode(seconds: float, rate: float) -> str:
    """A time as hours, minutes, seconds and frame: `00:00:29:01`, or `;01` where numbers drop.

    Args:
        seconds: From the first frame.
        rate: Frames a second, in the mean.
    """
    nominal = max(1, round(rate))
    drops = _DROPPING.get(nominal, 0) if abs(rate * 1001 / 1000 - nominal) < 0.005 else 0
    frame = round(seconds * (rate or 1))
    if drops:
        frame += _dropped(frame, nominal, drops)
    whole, part = divmod(frame, nominal)
    minutes, second = divmod(whole, 60)
    mark = ";" if drops else ":"
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{mark}{part:02}"


def _dropped(frame: int, nominal: int, drops: int) -> int:
    """How many numbers were left out up to a frame."""
    in_minute = nominal * 60 - drops
    in_ten = in_minute * 10 + drops
    tens, rest = divmod(frame, in_ten)
    minutes = max(0, rest - drops) // in_minute
    return drops * (9 * tens + minutes)
