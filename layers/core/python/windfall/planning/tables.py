"""Tables: whether the model that is to score them takes them."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from windfall.addresses import object_at
from windfall.contracts.base import problems_of
from windfall.contracts.input_contract import InputContract
from windfall.contracts.table import ScoringMode, TablePlan, TableProfile
from windfall.errors import InvalidInputError, NotFoundError
from windfall.planning.profiles import InvalidProfileError

if TYPE_CHECKING:
    from windfall.ports.scoring import ScoringModels
    from windfall.ports.storage import ObjectReader

MOST_BYTES = 1 << 30
"""What SageMaker takes as one payload; also what is known to be read within the machine's time."""
MOST_TRANSFORMED_BYTES = 5 << 30
_NAMED = 20


@dataclass(frozen=True, slots=True)
class TablePlanner:
    """Plans how a table is scored, by what the model says of itself now."""

    store: ObjectReader
    models: ScoringModels

    def plan(self, name: str, profile: TableProfile, size: int, header: Sequence[str]) -> TablePlan:
        """The plan for a table, if the model takes it.

        Args:
            name: The profile's name.
            profile: Its table section.
            size: The table's bytes.
            header: The names of its columns; empty where they are not known yet.

        Raises:
            InvalidInputError: The model does not take the table; the message says why.
            InvalidProfileError: The endpoint, model or contract that the profile names is not
                there or wrong.
            TransientError: It can not be told now.
        """
        _check_size(size, profile.mode)
        version = self._version(name, profile)
        contract, digest = self._contract(name, profile)
        if header:
            wanted = [column.column for column in contract.columns] if contract else profile.columns
            check_columns(header, wanted, profile.id_column)
        told = {} if contract is None else _told_by(contract, profile)
        return TablePlan.model_validate(
            {**profile.model_dump(), **told, "model_version": version, "contract_sha256": digest}
        )

    def _version(self, name: str, profile: TableProfile) -> str:
        try:
            if profile.mode is ScoringMode.BATCH_TRANSFORM:
                return self.models.model_version(profile.model or "")
            is_queued = profile.mode is ScoringMode.ASYNC
            return self.models.endpoint_version(profile.endpoint or "", asynchronous=is_queued)
        except (NotFoundError, InvalidInputError) as error:
            raise InvalidProfileError(name, f"table: {str(error).rstrip('.')}") from error

    def _contract(
        self, name: str, profile: TableProfile
    ) -> tuple[InputContract | None, str | None]:
        if profile.contract is None:
            return None, None
        try:
            body = self.store.read(object_at(profile.contract))
            return InputContract.model_validate_json(body), hashlib.sha256(body).hexdigest()
        except (NotFoundError, InvalidInputError) as error:
            problem = f"table.contract: {profile.contract} can not be read"
            raise InvalidProfileError(name, problem) from error
        except ValidationError as error:
            problem = f"table.contract: {profile.contract}: {problems_of(error)}"
            raise InvalidProfileError(name, problem) from error


def _told_by(contract: InputContract, profile: TableProfile) -> dict[str, Any]:
    """What the model's contract says, so the profile need not."""
    threshold = contract.threshold if profile.threshold is None else profile.threshold
    return {
        "content_type": contract.content_type,
        "header": contract.header,
        "threshold": threshold,
    }


def check_dataset(size: int) -> None:
    """Whether a table is small enough to be learnt from: it is read several times.

    Raises:
        InvalidInputError: It is not.
    """
    if size > MOST_BYTES:
        raise InvalidInputError(
            f"The table is too large: {size / 1e9:.1f} GB, and {MOST_BYTES / (1 << 30):.0f} GiB at"
            " most can be learnt from."
        )


def check_columns(header: Sequence[str], wanted: Sequence[str], id_column: str | None) -> None:
    """Whether a table has every column that is wanted; it may have more.

    Raises:
        InvalidInputError: One is missing.
    """
    present = set(header)
    missing = [name for name in dict.fromkeys((*wanted, id_column)) if name and name not in present]
    if not missing:
        return
    names = ", ".join(repr(name) for name in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    near = difflib.get_close_matches(missing[0], header, n=1)
    hint = f" Is {missing[0]!r} the column {near[0]!r}?" if near else ""
    plural = "s" if len(missing) > 1 else ""
    raise InvalidInputError(f"The model's column{plural} {names}{more} can not be found.{hint}")


def _check_size(size: int, mode: ScoringMode) -> None:
    most = MOST_TRANSFORMED_BYTES if mode is ScoringMode.BATCH_TRANSFORM else MOST_BYTES
    if size > most:
        raise InvalidInputError(
            f"The table is too large: {size / 1e9:.1f} GB, and {most / (1 << 30):.0f} GiB at most"
            f" can be scored by {mode.value}."
        )
