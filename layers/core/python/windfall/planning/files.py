"""A file's profile, its bytes and its plan: the same for admission and for who asks for a price."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from windfall.contracts.features import TextFeature
from windfall.contracts.subject import Kind
from windfall.planning.plans import Plan, fitted, plan_for, training_of
from windfall.planning.profiles import Overrides, choose_profile, overrides_of
from windfall.preflight.inspection import Tables, media_container_of, table_format_of
from windfall.preflight.snapshot import WHOLE_UP_TO, Snapshot, ranged_snapshot_of, snapshot_of

if TYPE_CHECKING:
    from windfall.contracts.profile import Profile
    from windfall.planning.tables import TablePlanner
    from windfall.ports.collaborators import Profiles
    from windfall.ports.scoring import ScoringModels
    from windfall.ports.storage import ObjectReader, OpenObject
    from windfall.preflight.inspection import Inspection


class Choice(NamedTuple):
    """The profile of a file, and what goes before it."""

    name: str
    profile: Profile
    overrides: Overrides

    @property
    def tables(self) -> Tables:
        """What is done with a table."""
        asked, table = set(self.overrides.features or ()), self.profile.table
        trains = self.overrides.train is not None or (table is not None and table.train is not None)
        return Tables(
            profile=self.name,
            kind=Kind.DATASET if trains else None if table is None else Kind.TABLE,
            as_text=bool(asked & set(TextFeature)),
        )


@dataclass(frozen=True, slots=True)
class FilePlanner:
    """Chooses, looks and plans; nothing is paid for and nothing written."""

    store: ObjectReader
    profiles: Profiles
    models: ScoringModels

    def choose(self, key: str, metadata: Mapping[str, str], request: Overrides) -> Choice:
        """The profile of an object, and what its metadata or the request asks for instead.

        Raises:
            InvalidInputError: The profile that was asked for does not exist.
            InvalidProfileError: The profile's document does not fit its contract.
            TransientError: The profiles can not be read now.
        """
        overrides = overrides_of(metadata, request)
        name, profile = choose_profile(key, overrides.profile, self.profiles)
        return Choice(name, profile, overrides)

    @contextmanager
    def look(self, source: OpenObject, key: str) -> Iterator[Snapshot]:
        """All bytes, or those of a large recording, video or table that are looked at.

        Raises:
            InvalidInputError: It is empty or too large.
            TransientError: The connection broke.
        """
        if source.head.size > WHOLE_UP_TO:
            ranged = ranged_snapshot_of(source, self.store)
            beginning = ranged.beginning()
            if media_container_of(beginning) or table_format_of(
                beginning, key, source.head.media_type
            ):
                yield ranged
                return
            source = self.store.open(source.head.pointer)
        with snapshot_of(source) as snapshot:
            yield snapshot

    def plan(self, inspection: Inspection, choice: Choice, size: int) -> Plan:
        """What is done with a file of so many bytes.

        Raises:
            InvalidInputError: It does not fit what is asked for; the message says why.
            InvalidProfileError: What the profile names is not there, or wrong.
            TransientError: It can not be told now.
        """
        profile = choice.profile
        if inspection.kind is Kind.DATASET:
            importlib.import_module("windfall.planning.tables").check_dataset(size)
            return Plan([], None, training=training_of(profile, choice.overrides))
        if inspection.kind is not Kind.TABLE or profile.table is None:
            return fitted(plan_for(inspection.kind, profile, choice.overrides), inspection)
        tables = importlib.import_module("windfall.planning.tables")
        planner: TablePlanner = tables.TablePlanner(self.store, self.models)
        table = planner.plan(choice.name, profile.table, size, inspection.header)
        return Plan([], None, table=table)
