"""IAM's wildcards: `*` is any run of characters, `?` is any one character."""

from __future__ import annotations

import re
from functools import lru_cache

ANY_STAR = "\ue000"
ANY_QUESTION = "\ue001"
"""Private characters that stand for a literal `*` or `?`, which a policy writes `${*}`, `${?}`."""


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = []
    for character in pattern:
        if character == "*":
            # A run of stars is one star; more would only make matching slow.
            if not parts or parts[-1] != ".*":
                parts.append(".*")
        elif character == "?":
            parts.append(".")
        else:
            parts.append(re.escape(literal(character)))
    return re.compile("".join(parts), re.S | (re.I if ignore_case else 0))


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
