"""Which calls of a trace the manifest's outcomes were paid for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from windfall_cli.traces import FileTrace, Payment, Step, StepKind

if TYPE_CHECKING:
    from windfall.contracts.manifest import Manifest
    from windfall.contracts.outcome import Outcome, ServiceCall
    from windfall.pricing import PriceList


def mark_payments(trace: FileTrace, manifest: Manifest, prices: PriceList) -> None:
    """Mark the calls that were paid for; note those that the trace does not have."""
    free = [(step, owner) for step, owner in _calls(trace) if step.payment is None]
    for outcome, call in _paid(manifest):
        name = f"{call.service}.{call.operation}"
        alike = [(step, owner) for step, owner in free if step.name == name]
        alike.sort(key=lambda pair: (-_fits(pair[1], outcome.feature), pair[0].start))
        taken = alike[: call.count]
        if not taken:
            trace.missing.append((outcome.feature, name))
        cost = prices.cost_of([call])
        for step, _ in taken:
            step.payment = Payment(
                outcome.feature,
                round(call.units / call.count, 3),
                None if cost is None else round(cost / call.count, 9),
                call.count > 1,
            )
        free = [pair for pair in free if pair[0].payment is None]


def _paid(manifest: Manifest) -> Iterator[tuple[Outcome, ServiceCall]]:
    for outcome in manifest.outcomes:
        for call in outcome.calls:
            if call.count:
                yield outcome, call


def _calls(trace: FileTrace) -> Iterator[tuple[Step, Step | None]]:
    """Each call that was answered, and the function that made it."""

    def below(step: Step, owner: Step | None) -> Iterator[tuple[Step, Step | None]]:
        if step.kind is StepKind.CALL and step.error is None:
            yield step, owner
        inner = step if step.kind is StepKind.FUNCTION else owner
        for part in step.steps:
            yield from below(part, inner)

    for step in trace.steps:
        yield from below(step, None)


def _fits(owner: Step | None, feature: str) -> int:
    """How well what a function said of itself fits a feature, such as `translation.es`."""
    if owner is None:
        return 0
    kind, _, language = feature.partition(".")
    said = owner.annotations
    return 2 * (said.get("feature") == kind) + (bool(language) and said.get("language") == language)
