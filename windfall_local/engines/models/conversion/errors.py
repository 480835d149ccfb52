"""Why a graph could not be converted."""

from __future__ import annotations


class ConversionError(Exception):
    """The graph holds something that this converter does not know; it names it."""
