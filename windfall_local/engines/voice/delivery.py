"""How SSML's pauses, prosody and emphasis are put to the synthesiser."""

from __future__ import annotations

import re
from collections.abc import Mapping

from windfall_local.engines.voice.ssml import InvalidSsmlError

LONGEST_BREAK = 10_000
_PAUSES = {"none": 0, "x-weak": 100, "weak": 150, "medium": 300, "strong": 500, "x-strong": 900}
_RATES = {"x-slow": 50, "slow": 75, "medium": 100, "fast": 130, "x-fast": 170, "default": 100}
_PITCHES = {"x-low": -35, "low": -18, "medium": 0, "default": 0, "high": 18, "x-high": 35}
_VOLUMES = {
    "silent": -96,
    "x-soft": -12,
    "soft": -6,
    "medium": 0,
    "default": 0,
    "loud": 3,
    "x-loud": 6,
}
_EMPHASIS = frozenset(["strong", "moderate", "reduced", "none"])


def pause_of(attributes: Mapping[str, str]) -> int:
    """Milliseconds of a `break`.

    Raises:
        InvalidSsmlError: Its time or strength is not one.
    """
    time = attributes.get("time")
    if time is None:
        strength = attributes.get("strength", "medium")
        if strength not in _PAUSES:
            raise _invalid("break strength", strength)
        return _PAUSES[strength]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", time.strip())
    if match is None:
        raise _invalid("break time", time)
    milliseconds = float(match.group(1)) * (1000 if match.group(2) == "s" else 1)
    if milliseconds > LONGEST_BREAK:
        raise _invalid("break time", time)
    return round(milliseconds)


def prosody_tag(attributes: Mapping[str, str]) -> str:
    """The synthesiser's tag for a `prosody`.

    Raises:
        InvalidSsmlError: An attribute has a value that is not taken.
    """
    values = {}
    if "rate" in attributes:
        values["rate"] = f"{_rate(attributes['rate'])}%"
    if "pitch" in attributes:
        values["pitch"] = f"{_pitch(attributes['pitch']):+d}%"
    if "volume" in attributes:
        values["volume"] = f"{_volume(attributes['volume']):+d}%"
    written = "".join(f' {name}="{value}"' for name, value in values.items())
    return f"<prosody{written}>"


def emphasis_tag(attributes: Mapping[str, str]) -> str:
    """The synthesiser's tag for an `emphasis`.

    Raises:
        InvalidSsmlError: The level is not one.
    """
    level = attributes.get("level", "moderate")
    if level not in _EMPHASIS:
        raise _invalid("emphasis level", level)
    return f'<emphasis level="{level}">'


def _rate(value: str) -> int:
    if value in _RATES:
        return _RATES[value]
    match = re.fullmatch(r"([+-]?)(\d+(?:\.\d+)?)%", value)
    if match is None:
        raise _invalid("prosody rate", value)
    rate = float(match.group(2))
    if match.group(1):
        rate = 100 + rate * (-1 if match.group(1) == "-" else 1)
    if rate < 20:
        raise _invalid("prosody rate", value)
    return round(min(rate, 200))


def _pitch(value: str) -> int:
    if value in _PITCHES:
        return _PITCHES[value]
    match = re.fullmatch(r"([+-])(\d+(?:\.\d+)?)(%|st)", value)
    if match is None:
        raise _invalid("prosody pitch", value)
    size = float(f"{match.group(1)}{match.group(2)}")
    if match.group(3) == "st":
        size = (2 ** (size / 12) - 1) * 100
    return round(max(-50.0, min(size, 50.0)))


def _volume(value: str) -> int:
    """Per cent louder than the voice's own, from decibels."""
    decibels = float(_VOLUMES.get(value, 0))
    if value not in _VOLUMES:
        match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)dB", value)
        if match is None:
            raise _invalid("prosody volume", value)
        decibels = float(match.group(1))
    # The synthesiser clips beyond twice its own loudness.
    return round(min((10 ** (decibels / 20) - 1) * 100, 100.0))


def _invalid(what: str, value: str) -> InvalidSsmlError:
    return InvalidSsmlError(f"Invalid SSML request: {what} {value!r}")
