"""What every contract is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

if TYPE_CHECKING:
    from pydantic import ValidationError


class Contract(BaseModel):
    """A shape of ours: a field that it does not know is an error, and it never changes."""

    # Built when first used: a function starts without paying for the contracts it never reads.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ForeignContract(BaseModel):
    """A shape of AWS's: what Windfall does not read may come and go."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, defer_build=True)


HexId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
"""A `file_id` or `analysis_id`: the first 40 digits of a SHA-256."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Timestamp = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")
]
"""UTC, such as `2026-11-23T14:00:00.000Z`: as text, so that it sorts and compares as it stands."""

LANGUAGE_CODE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
LanguageCode = Annotated[str, StringConstraints(pattern=LANGUAGE_CODE)]
"""A language as Amazon Translate writes it: `en`, `zh-TW`, `es-MX`."""


def is_absent(value: object) -> bool:
    """For fields that are left out where they say nothing."""
    return value is None


class S3Pointer(Contract):
    """Where an object lies; `version_id` is null in a bucket without versions."""

    bucket: str
    key: str
    version_id: str | None = None


class OutputLocation(Contract):
    """Where results go; `prefix` ends with a slash.

    Attributes:
        claimed_by: The attempt that claims each paid call without a name before it is made. Left
            out where such calls may be made again.
    """

    bucket: str
    prefix: str = Field(pattern=r"/$")
    claimed_by: int | None = Field(default=None, ge=1, exclude_if=is_absent)


def problems_of(error: ValidationError) -> str:
    """What is wrong, field by field, in the words of the contract."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
        for problem in error.errors(include_url=False)
    )
