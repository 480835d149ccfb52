"""The templates, and how values are written in them."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from windfall.captions.files import speaker_name
from windfall_cli.videos import spelled

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that are not seen, or turn the ones beside them around."""
_OF_TEXTS = frozenset("\n\t\u200c\u200d")
"""Those of them that languages are written with."""
_LEAST = 0.0001
"""US dollars that are told."""


def shown(text: object) -> str:
    """A name or a short text on one line, with what can not be seen in it spelled out."""
    return "".join(map(_seen, str(text)))


def said(text: object) -> str:
    """A text with its lines and joiners; what would turn others around in it is spelled out."""
    return "".join(c if c in _OF_TEXTS else _seen(c) for c in str(text))


def _seen(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return f"\\u{ord(character):04x}"
    return character


def size(size: int | None) -> str:
    """Bytes as people read them."""
    if size is None:
        return ""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def moment(timestamp: str | None) -> str:
    """A time of the day, in UTC."""
    return (timestamp or "")[:16].replace("T", " ")


def dollars(cost: float | None) -> str:
    """A price; those of single calls are small."""
    if cost is None:
        return "unknown"
    if 0 < cost < _LEAST:
        return f"< ${_LEAST}"
    return f"${cost:,.2f}" if cost >= 100 or not cost else f"${cost:.4f}"


def percent(share: float | None) -> str:
    """A share between 0 and 1."""
    return "" if share is None else f"{100 * share:.0f} %"


def query(**values: object) -> str:
    """A query string of the values that say something."""
    said = {name: value for name, value in values.items() if value not in {"", None}}
    return f"?{urlencode(said, errors='replace')}"


def make_environment(base: str, **everywhere: Any) -> Environment:
    """The templates; everything that they write is escaped, and what they do not know is an error.

    Args:
        base: What every address begins with: the token.
        everywhere: What all pages know.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=shown,
        said=said,
        speaker=speaker_name,
        size=size,
        moment=moment,
        dollars=dollars,
        percent=percent,
        spelled=spelled,
        path=lambda name: quote(str(name), safe="/", errors="replace"),
    )
    environment.globals.update(base=base, query=query, **everywhere)
    environment.globals["parts"] = environment.get_template("parts.html").module
    return environment
