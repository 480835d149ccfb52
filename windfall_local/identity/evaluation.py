"""Allowed or denied: IAM's decision for one action on one resource, within one account.

Written from AWS's "Policy evaluation logic": an explicit deny anywhere ends it; then a resource's
own policy may allow the caller by name; else the identity's policies must allow, and the
permissions boundary and the session policy, where there are any, must allow too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from windfall_local.api import ACCOUNT, Principal
from windfall_local.identity.conditions import Context, fulfilled, substitute
from windfall_local.identity.documents import Policy, Principals, Statement
from windfall_local.identity.wildcards import matches

Layer = Literal[
    "identity-based policy", "resource-based policy", "permissions boundary", "session policy"
]

_ACCOUNT_ROOT = (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")


@dataclass(frozen=True, slots=True)
class Access:
    """What somebody wants: one action on one resource, and the request's condition keys."""

    principal: Principal
    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class Applicable:
    """The policies that bear on an access.

    Attributes:
        identity: The role's managed and inline policies.
        resource: The resource's own policy, where it has one.
        boundary: The role's permissions boundary, where it has one.
        session: The session's policy, where it was made with one.
        delegated: The resource's policy must let IAM decide (KMS keys, a role's trust).
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    boundary: Policy | None = None
    session: Policy | None = None
    delegated: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, and which layer of policies decided it."""

    allowed: bool
    explicit: bool = False
    layer: Layer = "identity-based policy"


def decide(access: Access, policies: Applicable) -> Decision:
    """Decide one access."""
    denied = _explicit_deny(access, policies)
    if denied is not None:
        return Decision(allowed=False, explicit=True, layer=denied)
    grant = _grant_of_resource(access, policies.resource)
    if access.principal.kind == "service":
        return Decision(allowed=grant != "none", layer="resource-based policy")
    if grant == "session":
        # A grant to the session itself needs no other: boundaries do not limit it.
        return Decision(allowed=True)
    if policies.delegated and grant == "none":
        return Decision(allowed=False, layer="resource-based policy")
    if grant in ("none", "account") and not _allows(access, policies.identity):
        return Decision(allowed=False)
    if policies.boundary is not None and not _allows(access, (policies.boundary,)):
        return Decision(allowed=False, layer="permissions boundary")
    if policies.session is not None and not _allows(access, (policies.session,)):
        return Decision(allowed=False, layer="session policy")
    return Decision(allowed=True)


def _explicit_deny(access: Access, policies: Applicable) -> Layer | None:
    if any(_applies(statement, access) for statement in _denials(policies.identity)):
        return "identity-based policy"
    for statement in _denials([policies.resource or ()]):
        if _names(statement.principals, access.principal) and _applies(statement, access):
            return "resource-based policy"
    if any(_applies(statement, access) for statement in _denials([policies.boundary or ()])):
        return "permissions boundary"
    if any(_applies(statement, access) for statement in _denials([policies.session or ()])):
        return "session policy"
    return None


def _denials(policies: Iterable[Policy]) -> Iterable[Statement]:
    return (statement for policy in policies for statement in policy if not statement.allows)


def _allows(access: Access, policies: Iterable[Policy]) -> bool:
    return any(
        statement.allows and _applies(statement, access)
        for policy in policies
        for statement in policy
    )


Grant = Literal["none", "account", "principal", "session"]


def _grant_of_resource(access: Access, policy: Policy | None) -> Grant:
    """How closely the resource's policy names the caller in an Allow."""
    found: Grant = "none"
    for statement in policy or ():
        if not statement.allows or not _applies(statement, access):
            continue
        closeness = _closeness(statement.principals, access.principal)
        if _CLOSENESS.index(closeness) > _CLOSENESS.index(found):
            found = closeness
    return found


_CLOSENESS: tuple[Grant, ...] = ("none", "account", "principal", "session")


def _closeness(principals: Principals | None, principal: Principal) -> Grant:
    if principals is None or not _names(principals, principal):
        return "none"
    if principal.kind == "service":
        return "principal"
    named = principals.of("AWS")
    if not principals.negated and principal.arn in named:
        return "session"
    if principals.negated or "*" in named or principal.role_arn in named:
        return "principal"
    return "account"


def _names(principals: Principals | None, principal: Principal) -> bool:
    """Whether Principal or NotPrincipal takes the caller in."""
    if principals is None:
        return False
    if principal.kind == "service":
        listed = any(
            matches(value, principal.arn) for value in principals.of("Service")
        ) or "*" in principals.of("AWS")
    else:
        mine = {"*", principal.arn, *_ACCOUNT_ROOT}
        if principal.role_arn is not None:
            mine.add(principal.role_arn)
        listed = not mine.isdisjoint(principals.of("AWS"))
    return listed is not principals.negated


def _applies(statement: Statement, access: Access) -> bool:
    """Whether a statement is about this action, this resource and these circumstances."""
    acts = any(matches(action, access.action, ignore_case=True) for action in statement.actions)
    if acts is statement.actions_negated:
        return False
    if statement.resources is not None:
        concerned = any(
            _resource_matches(pattern, access, statement.variables)
            for pattern in statement.resources
        )
        if concerned is statement.resources_negated:
            return False
    return fulfilled(statement.conditions, access.context, variables=statement.variables)


def _resource_matches(pattern: str, access: Access, variables: bool) -> bool:
    if pattern == "*":
        return True
    text = substitute(pattern, access.context) if variables else pattern
    return text is not None and matches(text, access.resource)
