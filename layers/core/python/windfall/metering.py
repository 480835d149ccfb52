"""What calls cost in the units that the services bill by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from windfall.contracts.outcome import ServiceCall

_COMPREHEND_UNIT = 100
"""Characters; each text costs three units at least."""
_COMPREHEND_LEAST = 3


def comprehend_call(operation: str, texts: Sequence[str], count: int = 1) -> ServiceCall:
    """Calls of Comprehend for these texts; in a batch each text is billed on its own."""
    units = sum(max(_COMPREHEND_LEAST, -(-len(text) // _COMPREHEND_UNIT)) for text in texts)
    return ServiceCall(service="comprehend", operation=operation, count=count, units=units)


def totalled(calls: Iterable[ServiceCall]) -> list[ServiceCall]:
    """One entry for each operation and variant."""
    totals: dict[tuple[str, str, str | None], ServiceCall] = {}
    for call in calls:
        key = (call.service, call.operation, call.variant)
        so_far = totals.get(key)
        totals[key] = (
            call
            if so_far is None
            else call.model_copy(
                update={"count": so_far.count + call.count, "units": so_far.units + call.units}
            )
        )
    return list(totals.values())
