"""What a file would cost, and what that was reckoned from."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract
from windfall.contracts.outcome import ServiceCall
from windfall.contracts.subject import Kind


class Amount(Contract):
    """Something that was counted in the file, or is taken to be in it.

    Attributes:
        basis: By which rate it was estimated, and where that is from; null when it was counted.
    """

    name: str
    value: float = Field(ge=0)
    unit: str
    basis: str | None = None


class FeatureEstimate(Contract):
    """What one feature would cost.

    Attributes:
        cost: US dollars; null where a price is unknown.
        least: Where the cost may be half or double: the least that it is taken to be, as `most` is
            the most; null where it was counted, or is a mean of many files.
        note: Why it costs nothing, or why its price is unknown; null otherwise.
    """

    feature: str
    calls: list[ServiceCall] = Field(default_factory=list)
    cost: float | None = None
    least: float | None = None
    most: float | None = None
    note: str | None = None


class Estimate(Contract):
    """What a file would cost under its profile.

    Attributes:
        cost: US dollars for all features with a known price.
        unpriced: The other features.
        language: Of the text, as far as it can be told now.
        language_basis: How it was told, or why it was assumed.
        region: Whose prices they are.
        prices_of: The date of the prices; null for a Region that the list does not have.
        sources: Where the prices were read.
    """

    kind: Kind
    format: str
    profile: str
    cost: float = Field(ge=0)
    features: list[FeatureEstimate]
    unpriced: list[str]
    amounts: list[Amount]
    language: str | None = None
    language_basis: str | None = None
    region: str
    prices_of: str | None
    sources: list[str]
