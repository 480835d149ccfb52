"""Policy documents, read once: statements with their lists made lists.

Written from AWS's "IAM JSON policy elements reference".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from windfall_local.identity.conditions import Condition, read_conditions


class PolicyError(Exception):
    """A document that is no policy; the message says where."""


@dataclass(frozen=True, slots=True)
class Principals:
    """`Principal` or `NotPrincipal`: values by kind (`AWS`, `Service`, …); `*` alone is AWS's."""

    by_kind: tuple[tuple[str, tuple[str, ...]], ...]
    negated: bool

    def of(self, kind: str) -> tuple[str, ...]:
        """The values of a kind."""
        return next((values for name, values in self.by_kind if name == kind), ())


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        allows: False for Deny.
        actions: Patterns; `actions_negated` for NotAction.
        resources: Patterns, or None in a policy that names none (a role's trust policy).
        variables: Whether `${…}` are variables (Version 2012-10-17) or plain text.
    """

    sid: str
    allows: bool
    actions: tuple[str, ...]
    actions_negated: bool
    resources: tuple[str, ...] | None
    resources_negated: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]
    variables: bool


Policy = tuple[Statement, ...]


def read_policy(document: str | Mapping[str, Any]) -> Policy:
    """Read a policy.

    Raises:
        PolicyError: It is not one.
    """
    return _read(document if isinstance(document, str) else json.dumps(document))


@lru_cache(maxsize=1024)
def _read(text: str) -> Policy:
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PolicyError(f"The policy is not JSON: {error}") from error
    if not isinstance(document, dict) or "Statement" not in document:
        raise PolicyError("The policy has no Statement.")
    variables = document.get("Version") == "2012-10-17"
    return tuple(_statement(entry, variables) for entry in _listed(document["Statement"]))


def _statement(entry: Any, variables: bool) -> Statement:
    if not isinstance(entry, dict) or entry.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("A statement needs the Effect Allow or Deny.")
    actions, actions_negated = _either(entry, "Action")
    if actions is None:
        raise PolicyError("A statement needs Action or NotAction.")
    resources, resources_negated = _either(entry, "Resource")
    try:
        conditions = read_conditions(entry.get("Condition") or {})
    except ValueError as error:
        raise PolicyError(str(error)) from error
    return Statement(
        entry.get("Sid", ""),
        entry["Effect"] == "Allow",
        actions,
        actions_negated,
        resources,
        resources_negated,
        _principals(entry),
        conditions,
        variables,
    )


def _either(entry: dict[str, Any], name: str) -> tuple[tuple[str, ...] | None, bool]:
    if name in entry:
        return tuple(map(str, _listed(entry[name]))), False
    if f"Not{name}" in entry:
        return tuple(map(str, _listed(entry[f"Not{name}"]))), True
    return None, False


def _principals(entry: dict[str, Any]) -> Principals | None:
    negated = "NotPrincipal" in entry
    given = entry.get("NotPrincipal" if negated else "Principal")
    if given is None:
        return None
    if given == "*":
        given = {"AWS": "*"}
    if not isinstance(given, dict):
        raise PolicyError('A Principal is "*" or an object.')
    return Principals(
        tuple((kind, tuple(map(str, _listed(values)))) for kind, values in given.items()), negated
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
