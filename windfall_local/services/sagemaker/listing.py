"""Pages of lists, filtered and sorted as every List operation of SageMaker does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from windfall_local.services.sagemaker.records import Document, moment
from windfall_local.services.sagemaker.wording import invalid

_DEFAULT_PAGE = 10


def page(
    records: Iterable[Document],
    parameters: dict[str, Any],
    member: str,
    summary: Callable[[Document], dict[str, Any]],
) -> dict[str, Any]:
    """An answer of a List operation.

    Args:
        records: Everything there is.
        parameters: Of the request.
        member: The list's name in the answer.
        summary: Of one record.
    """
    chosen = [one for one in records if _is_wanted(one, parameters)]
    by_name = parameters.get("SortBy") == "Name"
    descending = parameters.get("SortOrder", "Descending" if not by_name else "Ascending")
    chosen.sort(
        key=lambda one: one["name"] if by_name else one["created"],
        reverse=descending == "Descending",
    )
    token = str(parameters.get("NextToken") or "0")
    if not token.isdigit() or int(token) > len(chosen):
        raise invalid("The token supplied to this request is invalid.")
    begin = int(token)
    end = begin + int(parameters.get("MaxResults") or _DEFAULT_PAGE)
    answer: dict[str, Any] = {member: [summary(one) for one in chosen[begin:end]]}
    if end < len(chosen):
        answer["NextToken"] = str(end)
    return answer


def _is_wanted(record: Document, parameters: dict[str, Any]) -> bool:
    part = parameters.get("NameContains")
    if part and part.lower() not in record["name"].lower():
        return False
    status = parameters.get("StatusEquals")
    if status and status != record.get("status"):
        return False
    return all(
        _compare(record[at], parameters.get(f"{name}{side}"), side)
        for name, at in (("CreationTime", "created"), ("LastModifiedTime", "modified"))
        for side in ("After", "Before")
    )


def _compare(at: str, limit: datetime | None, side: str) -> bool:
    if limit is None:
        return True
    bound = limit if limit.tzinfo else limit.replace(tzinfo=UTC)
    return moment(at) > bound if side == "After" else moment(at) < bound
