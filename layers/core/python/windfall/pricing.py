"""What calls cost: list prices by Region, service, operation and variant, out of `prices.json`.

Prices are those of the first tier, so an estimate is never too low. Batch operations cost what
their single forms cost; Polly's tasks cost what its calls cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windfall.contracts.outcome import Outcome, ServiceCall

_FILE = Path(__file__).with_name("prices.json")
_SAME_PRICE = {
    "StartTextTranslationJob": "TranslateText",
    "StartSpeechSynthesisTask": "SynthesizeSpeech",
}
_DIGITS = 9
"""Decimal places of a dollar: a character of speech costs 0.000004."""


@dataclass(frozen=True, slots=True)
class Price:
    """A list price.

    Attributes:
        usd: US dollars a unit.
        unit: What is counted (`image`, `second`, `character`, `100 characters`).
        source: Where it was read.
    """

    usd: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class PriceList:
    """The prices of one Region.

    Attributes:
        region: The Region; one that the list does not have has no prices.
        date: When the prices were read.
    """

    region: str
    date: str
    prices: Mapping[str, Price]

    @classmethod
    def of_region(cls, region: str, path: Path = _FILE) -> PriceList:
        """The prices of a Region, out of the file that comes with this package."""
        document = json.loads(path.read_text(encoding="utf-8"))
        entries = document["regions"].get(region, {})
        return cls(region, document["date"], {name: Price(**one) for name, one in entries.items()})

    def price_of(self, call: ServiceCall) -> Price | None:
        """The price of a call's unit; None where the list has none."""
        operation = call.operation.removeprefix("Batch")
        name = f"{call.service}:{_SAME_PRICE.get(operation, operation)}"
        if call.variant is not None:
            return self.prices.get(f"{name}:{call.variant}")
        return self.prices.get(name)

    def cost_of(self, calls: Iterable[ServiceCall]) -> float | None:
        """US dollars for these calls; None as soon as the price of one is unknown."""
        total = 0.0
        for call in calls:
            price = self.price_of(call)
            if price is None:
                return None
            total += price.usd * call.units
        return round(total, _DIGITS)

    def priced(self, outcome: Outcome) -> Outcome:
        """An outcome with its cost."""
        return outcome.model_copy(update={"cost": self.cost_of(outcome.calls)})
