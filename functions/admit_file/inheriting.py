"""What a new attempt takes over from earlier analyses of the same bytes: it is not paid for again.

Results are copied within S3, so that each analysis has its own and they expire with it. An outcome
is copied last: whoever finds it finds all that it speaks of. A crash on the way leaves copies that
the next try writes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import Outcome
from windfall.manifest import own_names
from windfall.planning.recipes import Recipe, recipes_of

if TYPE_CHECKING:
    from windfall.contracts.base import OutputLocation
    from windfall.ports.insights import AnalysisRow
    from windfall.ports.storage import ObjectStore

_OUTCOMES = "outcomes/"
_WORKING_COPIES = "parts/working/"
"""Where convert_media notes them. They themselves are large, and stay where they are."""


class Estate(NamedTuple):
    """What an analysis left in its folder.

    Attributes:
        names: All that lies there.
        outcomes: Of the features that it finished and whose results are there still.
    """

    output: OutputLocation
    recipes: list[Recipe]
    names: frozenset[str]
    outcomes: dict[str, Outcome]

    def agrees_with(self, other: Estate, recipe: Recipe) -> bool:
        """Whether a feature is made from the very same here and there.

        Two transcripts of one recording may differ, so what was made from one does not fit the
        other; the times at which a result was made tell them apart.
        """
        if recipe not in other.recipes or recipe.of is None:
            return recipe in other.recipes
        mine, theirs = self.outcomes.get(recipe.of), other.outcomes.get(recipe.of)
        if mine is None or theirs is None:
            return False
        return (mine.started, mine.ended) == (theirs.started, theirs.ended)

    def files_of(self, recipe: Recipe) -> Iterator[str]:
        """The names of a feature's files, and of its parts while it is not finished."""
        wanted = list(recipe.files)
        if recipe.feature not in self.outcomes:
            wanted.append(f"parts/{recipe.feature}/")
        for name in sorted(self.names):
            if any(name.startswith(one) if one.endswith("/") else name == one for one in wanted):
                yield name


class Inheritance(NamedTuple):
    """Takes over what was paid for already."""

    store: ObjectStore

    def take_over(self, plan: AnalysisInput, earlier: Iterable[AnalysisRow]) -> list[str]:
        """Copy what earlier analyses made into the plan's folder; the features finished there.

        A feature that reads another one's result is taken over only where that one is the same.
        Of a feature that was not finished come the parts that were paid for.

        Raises:
            TransientError: S3 is busy; the same again is harmless.
        """
        own = self._estate(plan)
        estates = [self._estate(known) for row in earlier if (known := _plan_of(row)) is not None]
        for recipe in own.recipes:
            if recipe.feature in own.outcomes:
                continue
            fitting = [estate for estate in estates if own.agrees_with(estate, recipe)]
            finished = [estate for estate in fitting if recipe.feature in estate.outcomes]
            begun = [estate for estate in fitting if any(estate.files_of(recipe))]
            if finished:
                outcome = self._copy(finished[0], recipe, plan.output)
                own.outcomes[recipe.feature] = outcome
            elif begun and not any(own.files_of(recipe)):
                self._copy_files(begun[0], begun[0].files_of(recipe), plan.output)
        self._keep_working_copies(own, estates)
        return list(own.outcomes)

    def _estate(self, plan: AnalysisInput) -> Estate:
        output = plan.output
        names = frozenset(own_names(output, self.store.list(output.bucket, output.prefix)))
        told = sorted(name for name in names if name.startswith(_OUTCOMES))
        pointers = [S3Pointer(bucket=output.bucket, key=output.prefix + name) for name in told]
        outcomes = (_outcome_of(body) for body in self.store.read_many(pointers))
        there = {
            outcome.feature: outcome
            for outcome in outcomes
            if outcome is not None and _name(outcome, output) in {None, *names}
        }
        return Estate(output, recipes_of(plan), names, there)

    def _copy(self, estate: Estate, recipe: Recipe, output: OutputLocation) -> Outcome:
        """Copy a finished feature: its files, then its outcome, which points at the copies."""
        copies = self._copy_files(estate, estate.files_of(recipe), output)
        outcome = estate.outcomes[recipe.feature]
        name = _name(outcome, estate.output)
        if name is not None:
            # A text that need not be translated is its own translation: it is there already.
            there = S3Pointer(bucket=output.bucket, key=output.prefix + name)
            outcome = outcome.model_copy(update={"result": copies.get(name, there)})
        key = f"{output.prefix}{_OUTCOMES}{recipe.feature}.json"
        body = outcome.model_dump_json().encode()
        self.store.write(output.bucket, key, body, "application/json")
        return outcome

    def _copy_files(
        self, estate: Estate, names: Iterable[str], output: OutputLocation
    ) -> dict[str, S3Pointer]:
        """Where the copies lie, by name."""
        wanted = list(names)
        home = estate.output
        sources = [S3Pointer(bucket=home.bucket, key=home.prefix + name) for name in wanted]
        keys = [output.prefix + name for name in wanted]
        copies = self.store.copy_many(zip(sources, keys, strict=True), output.bucket)
        return dict(zip(wanted, copies, strict=True))

    def _keep_working_copies(self, own: Estate, estates: Iterable[Estate]) -> None:
        for estate in (own, *estates):
            notes = [name for name in estate.names if name.startswith(_WORKING_COPIES)]
            if notes and estate is not own:
                self._copy_files(estate, notes, own.output)
            if notes:
                return


def _plan_of(row: AnalysisRow) -> AnalysisInput | None:
    """What an earlier analysis was started with; None for one of another version of this code."""
    try:
        return AnalysisInput.model_validate_json(row.document)
    except ValidationError:
        return None


def _name(outcome: Outcome, output: OutputLocation) -> str | None:
    """A result's name in its analysis's folder; None where there is none, or it lies elsewhere."""
    if outcome.result is None or not outcome.result.key.startswith(output.prefix):
        return None
    return outcome.result.key.removeprefix(output.prefix)


def _outcome_of(body: bytes) -> Outcome | None:
    try:
        return Outcome.model_validate_json(body)
    except ValidationError:
        return None
