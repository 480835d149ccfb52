"""AWS STS: who am I, and let me be somebody else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from windfall_local.api import ACCOUNT, CallContext, OperationService, Principal, ServiceError
from windfall_local.identity.authorizer import Authorizer
from windfall_local.identity.documents import PolicyError, read_policy
from windfall_local.identity.keys import KeyRegistry

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SHORTEST_SESSION = 900


class SecurityTokenService(OperationService):
    """STS, as far as one account needs it.

    Args:
        keys: Where new keys come from.
        authorizer: Who may assume which role.
    """

    name = "sts"

    def __init__(self, keys: KeyRegistry, authorizer: Authorizer) -> None:
        self._keys = keys
        self._authorizer = authorizer

    async def get_caller_identity(self, _: dict[str, Any], context: CallContext) -> dict[str, Any]:
        """GetCallerIdentity; nobody needs a permission to ask."""
        principal = context.principal
        user_id = ACCOUNT
        if principal.role_arn is not None:
            user_id = principal.arn.partition("assumed-role/")[2].replace("/", ":")
        return {"UserId": user_id, "Account": ACCOUNT, "Arn": principal.arn}

    async def assume_role(self, parameters: dict[str, Any], context: CallContext) -> dict[str, Any]:
        """AssumeRole."""
        role_arn, session = parameters["RoleArn"], parameters["RoleSessionName"]
        if not _SESSION_NAME.fullmatch(session):
            raise ServiceError(
                "ValidationError",
                f"Value '{session}' at 'roleSessionName' must have 2 to 64 of [\\w+=,.@-].",
            )
        keys = {"sts:rolesessionname": (session,)}
        if "ExternalId" in parameters:
            keys["sts:externalid"] = (parameters["ExternalId"],)
        role = await self._authorizer.check_assume(context.principal, role_arn, keys)
        seconds = parameters.get("DurationSeconds", 3600)
        if not _SHORTEST_SESSION <= seconds <= role.longest_session:
            raise ServiceError(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role, "
                f"or is under {_SHORTEST_SESSION}.",
            )
        principal = Principal.role(role_arn, session)
        made = self._keys.assume(principal, timedelta(seconds=seconds), _policy_of(parameters))
        return {
            "Credentials": {
                "AccessKeyId": made.credentials.access_key,
                "SecretAccessKey": made.credentials.secret_key,
                "SessionToken": made.credentials.token,
                "Expiration": made.expires,
            },
            "AssumedRoleUser": {
                "AssumedRoleId": f"{role.role_id}:{session}",
                "Arn": principal.arn,
            },
        }


def _policy_of(parameters: dict[str, Any]) -> str | None:
    policy: str | None = parameters.get("Policy")
    if parameters.get("PolicyArns"):
        raise ServiceError(
            "ValidationError", "The local sts takes a session policy as Policy, not as PolicyArns."
        )
    if policy is not None:
        try:
            read_policy(policy)
        except PolicyError as error:
            raise ServiceError("MalformedPolicyDocument", str(error)) from error
    return policy
