"""Scores for kinds of evidence.

Rules give no probabilities. These figures order what was found by how much speaks for it; they
are not shares of right answers.
"""

from __future__ import annotations

CHECKED = 0.99
"""A checksum or a strict format holds."""

LISTED = 0.95
"""It stands in a list, and its surroundings agree."""

STRUCTURED = 0.9
"""Its form says what it is (a date, a number with a unit)."""

CUED = 0.8
"""A word beside it says what it is (Mr, Hotel, in, "my name is")."""

PLAUSIBLE = 0.6
"""It stands in a list, and nothing else speaks for or against it."""

GUESSED = 0.4
"""Only its form speaks for it."""
