"""What SSML's `say-as` reads out, in words that any synthesiser takes."""

from __future__ import annotations

import calendar
import re

KINDS = frozenset(
    {
        *("characters", "spell-out", "digits", "telephone", "address", "expletive"),
        *("cardinal", "number", "ordinal", "fraction", "unit", "date", "time"),
    }
)

_DATE_ORDERS = frozenset(["mdy", "dmy", "ymd", "md", "dm", "ym", "my", "d", "m", "y", "yyyymmdd"])
_ORDINAL_MARKS = {"es": "º", "pt": "º", "it": "º", "fr": "e", "de": ".", "nl": "e", "ca": "è"}


class UnknownWordingError(ValueError):
    """`interpret-as` or `format` has no such value."""


def word(text: str, kind: str, order: str | None, language: str) -> str:
    """A text as `say-as` wants it read.

    Args:
        text: What stands inside the tag.
        kind: `interpret-as`.
        order: `format`, for dates: the order of month, day and year.
        language: Of the voice (`en-us`).

    Raises:
        UnknownWordingError: There is no such kind or order.
    """
    if kind not in KINDS:
        raise UnknownWordingError(f"interpret-as {kind}")
    if order is not None and kind == "date" and order not in _DATE_ORDERS:
        raise UnknownWordingError(f"format {order}")
    stripped = text.strip()
    if kind in ("characters", "spell-out"):
        return " ".join(character for character in stripped if not character.isspace())
    if kind in ("digits", "telephone"):
        return _digits(stripped)
    if kind == "ordinal":
        return _ordinal(stripped, language)
    if kind == "date":
        return _date(stripped, order, language)
    if kind == "time":
        return _duration(stripped, language)
    return text


def _digits(text: str) -> str:
    """Digit by digit, with a pause where the writer grouped them."""
    groups = re.findall(r"\d+|[^\W\d]+", text)
    spoken = [" ".join(group) if group.isdigit() else group for group in groups]
    plus = "+ " if text.startswith("+") else ""
    return plus + ", ".join(spoken)


def _ordinal(text: str, language: str) -> str:
    if not text.isdigit():
        return text
    base = language.split("-", maxsplit=1)[0]
    if base == "en":
        suffix = {"1": "st", "2": "nd", "3": "rd"}.get(text[-1], "th")
        return text + ("th" if text[-2:] in ("11", "12", "13") else suffix)
    if base == "fr" and text == "1":
        return "1er"
    return text + _ORDINAL_MARKS.get(base, "")


def _date(text: str, order: str | None, language: str) -> str:
    order = "ymd" if order in (None, "yyyymmdd") and re.match(r"\d{4}", text) else order or "mdy"
    numbers = re.findall(r"\d+", text)
    if order == "ymd" and len(numbers) == 1 and len(text) == 8:
        numbers = [text[:4], text[4:6], text[6:]]
    if len(numbers) != len(order):
        return text
    parts = dict(zip(order, numbers, strict=True))
    month = parts.get("m")
    if language.split("-", maxsplit=1)[0] != "en" or (month and not 1 <= int(month) <= 12):
        return " ".join(str(int(number)) for number in numbers)
    words = []
    if month:
        words.append(calendar.month_name[int(month)])
    if "d" in parts:
        words.append(_ordinal(str(int(parts["d"])), language))
    if "y" in parts:
        words.append(parts["y"])
    return " ".join(words)


def _duration(text: str, language: str) -> str:
    """`1'21"` as minutes and seconds; a time of day is read well as it is."""
    match = re.fullmatch(r"(?:(\d+)')?(?:(\d+)(?:\"|''))?", text)
    if not text or match is None or language.split("-", maxsplit=1)[0] != "en":
        return text
    parts = zip(match.groups(), ("minute", "second"), strict=True)
    return " ".join(f"{n} {unit}{'' if n == '1' else 's'}" for n, unit in parts if n)
