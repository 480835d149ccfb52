"""IAM's wildcards: `*` is any run of characters, `?` is any one character."""

from __future__ import annotations

import re
from functools import lru_cache

ANY_STAR = "\ue000"
ANY_QUESTION = "\ue001"
"""Private characters that stand for a literal `*` or `?`, which a policy writes `${*}`, `${?}`."""


_STARS = re.compile(r"\*+")


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    first, *others = (_fixed(part) for part in _STARS.split(pattern))
    if others:
        # The first place where a middle part fits is as good as any other, so it is never
        # given up again (an atomic group): many stars do not take exponential time.
        *middle, last = others
        expression = first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"
    else:
        expression = first
    return re.compile(expression, re.S | (re.I if ignore_case else 0))


def _fixed(part: str) -> str:
    return "".join("." if character == "?" else re.escape(literal(character)) for character in part)


def literal(text: str) -> str:
    """The text with its private characters turned back into what they stand for."""
    return text.replace(ANY_STAR, "*").replace(ANY_QUESTION, "?")


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a text is of a pattern's form."""
    if "*" not in pattern and "?" not in pattern:
        plain = literal(pattern)
        return plain.lower() == text.lower() if ignore_case else plain == text
    return _compiled(pattern, ignore_case).fullmatch(text) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN is of a pattern's form, each of its six parts by itself."""
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) == 6 and all(map(matches, wanted, given))
