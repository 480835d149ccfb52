"""May this principal make this call? Every permission it needs, against every policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from windfall_local.api import ACCOUNT, Principal, ServiceError
from windfall_local.identity.audit import PermissionAudit
from windfall_local.identity.documents import Policy, PolicyError, read_policy
from windfall_local.identity.evaluation import Access, Applicable, Decision, decide
from windfall_local.identity.needs import Need, Scene, needs_of
from windfall_local.identity.policies import PolicySources, RolePolicies

_DENIALS = {
    "s3": ("AccessDenied", 403),
    "iam": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    "sqs": ("AccessDenied", 403),
    "cloudwatch": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "lambda": ("AccessDeniedException", 403),
    "polly": ("AccessDeniedException", 403),
    "xray": ("AccessDeniedException", 403),
}
_OTHER_DENIALS = ("AccessDeniedException", 400)

_DELEGATED_TO_IAM = ("kms",)
"""Here the resource's own policy must let IAM decide."""

_REASONS_WITH_AN = ("identity-based policy",)


class Authorizer:
    """Decides calls.

    Args:
        sources: Where policies are.
        region: `aws:RequestedRegion`.
        secure_transport: `aws:SecureTransport`.
        audit: Is told of every decision about a role; None for no audit.
    """

    def __init__(
        self,
        sources: PolicySources,
        *,
        region: str,
        secure_transport: bool,
        audit: PermissionAudit | None = None,
    ) -> None:
        self._audit = audit
        self._sources = sources
        self._region = region
        self._secure_transport = "true" if secure_transport else "false"
        self._scene = Scene(region, sources.hash_key, sources.has_linked_role)

    async def authorize(
        self,
        service: str,
        operation: str,
        parameters: dict[str, Any],
        principal: Principal,
        session_policy: str | None = None,
    ) -> None:
        """Let a call through, or say why not.

        Root may do everything. `sts` decides by itself: its answers depend on trust policies.

        Raises:
            ServiceError: It is not allowed, in the service's own words.
        """
        if principal.kind == "root" or service == "sts":
            return
        async with self._sources.stores.turn():
            needs = self._needs(service, operation, parameters, principal)
            role = self._role(service, principal)
            for need in needs:
                decision = self._decide(need, principal, role, session_policy)
                if not decision.allowed:
                    error = denial(service, principal, need.action, need.resource, decision)
                    if need.refused_as is not None:
                        error = ServiceError(need.refused_as, error.message)
                    raise error

    async def allows(
        self, need: Need, principal: Principal, session_policy: str | None = None
    ) -> bool:
        """Whether one permission is there, without a call."""
        if principal.kind == "root":
            return True
        async with self._sources.stores.turn():
            role = self._role("iam", principal)
            return self._decide(need, principal, role, session_policy).allowed

    async def check_assume(
        self, principal: Principal, role_arn: str, keys: Mapping[str, tuple[str, ...]]
    ) -> RolePolicies:
        """Let a principal assume a role, by the role's trust and the caller's own policies.

        Raises:
            ServiceError: It is not allowed, or there is no such role; AWS tells neither apart.
        """
        async with self._sources.stores.turn():
            target = self._sources.role(role_arn)
            caller = self._role("sts", principal)
        no = Decision(allowed=False, layer="resource-based policy")
        if target is None:
            raise denial("sts", principal, "sts:AssumeRole", role_arn, no)
        if principal.kind != "root":
            policies = Applicable(
                caller.identity if caller else (), read_policy(target.trust), delegated=True
            )
            context = self._context(principal, caller) | dict(keys)
            decision = decide(Access(principal, "sts:AssumeRole", role_arn, context), policies)
            if not decision.allowed:
                raise denial("sts", principal, "sts:AssumeRole", role_arn, decision)
        return target

    async def hide_missing(
        self,
        operation: str,
        parameters: dict[str, Any],
        principal: Principal,
        session_policy: str | None,
    ) -> None:
        """S3 tells only those who may list a bucket that an object is not there.

        Raises:
            ServiceError: `AccessDenied`, in place of NoSuchKey.
        """
        if operation not in ("GetObject", "HeadObject") or principal.kind == "root":
            return
        need = Need("s3:ListBucket", f"arn:aws:s3:::{parameters['Bucket']}")
        if not await self.allows(need, principal, session_policy):
            raise denial("s3", principal, need.action, need.resource, Decision(allowed=False))

    def _needs(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> list[Need]:
        try:
            needs = needs_of(service, operation, parameters, self._scene)
        except KeyError as error:
            raise ServiceError("ValidationException", f"{operation} needs {error}.") from error
        if needs is None:
            code, status = _DENIALS.get(service, _OTHER_DENIALS)
            raise ServiceError(
                code,
                f"{principal.arn} may not call {operation}: the local cloud does not know which "
                f"permissions {service} asks for it. Only the root user can call it here.",
                status=status,
            )
        return needs

    def _role(self, service: str, principal: Principal) -> RolePolicies | None:
        if principal.role_arn is None:
            return None
        try:
            return self._sources.role(principal.role_arn)
        except PolicyError as error:
            code, status = _DENIALS.get(service, _OTHER_DENIALS)
            raise ServiceError(
                code, f"A policy of {principal.role_arn} cannot be read: {error}", status=status
            ) from error

    def _decide(
        self,
        need: Need,
        principal: Principal,
        role: RolePolicies | None,
        session_policy: str | None,
    ) -> Decision:
        resource = self._sources.resource(need.resource)
        session: Policy | None = read_policy(session_policy) if session_policy else None
        policies = Applicable(
            role.identity if role else (),
            resource,
            role.boundary if role else None,
            session,
            delegated=resource is not None and need.action.startswith(_DELEGATED_TO_IAM),
        )
        context = self._context(principal, role)
        context.update({name.lower(): values for name, values in need.keys.items()})
        decision = decide(Access(principal, need.action, need.resource, context), policies)
        if self._audit is not None and principal.role_arn is not None:
            self._audit.note(
                principal.role_arn, need.action, need.resource, context, decision.allowed
            )
        return decision

    def _context(
        self, principal: Principal, role: RolePolicies | None
    ) -> dict[str, tuple[str, ...]]:
        now = datetime.now(UTC)
        of_service = principal.kind == "service"
        found: dict[str, tuple[str, ...]] = {
            "aws:securetransport": (self._secure_transport,),
            "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
            "aws:epochtime": (str(int(now.timestamp())),),
            "aws:requestedregion": (self._region,),
            "aws:resourceaccount": (ACCOUNT,),
            "aws:viaawsservice": ("false",),
            "aws:principalisawsservice": ("true" if of_service else "false",),
        }
        if of_service:
            found["aws:principalservicename"] = (principal.arn,)
            if principal.source_arn:
                found["aws:sourcearn"] = (principal.source_arn,)
                found["aws:sourceaccount"] = (_account_of(principal.source_arn),)
            return found
        found["aws:sourceip"] = ("127.0.0.1",)
        found["aws:principalaccount"] = (ACCOUNT,)
        found["aws:principalarn"] = (principal.role_arn or principal.arn,)
        found["aws:principaltype"] = ("AssumedRole" if principal.kind == "role" else "Account",)
        if role is not None:
            session = principal.arn.rpartition("/")[2]
            found["aws:userid"] = (f"{role.role_id}:{session}",)
            for tag, value in role.tags.items():
                found[f"aws:principaltag/{tag.lower()}"] = (value,)
        return found


def _account_of(arn: str) -> str:
    # An S3 bucket's ARN names no account; every bucket here is of this one.
    return arn.split(":")[4] or ACCOUNT


def denial(
    service: str, principal: Principal, action: str, resource: str, decision: Decision
) -> ServiceError:
    """Say no as AWS does: who, what, on what, and which kind of policy decided."""
    article = "an" if decision.layer in _REASONS_WITH_AN else "a"
    reason = (
        f"with an explicit deny in {article} {decision.layer}"
        if decision.explicit
        else f"because no {decision.layer} allows the {action} action"
    )
    on = f" on resource: {resource}" if resource != "*" else ""
    code, status = _DENIALS.get(service, _OTHER_DENIALS)
    return ServiceError(
        code,
        f"User: {principal.arn} is not authorized to perform: {action}{on} {reason}",
        status=status,
    )
