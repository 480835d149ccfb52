"""Lambda's operations on resource policies."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

from windfall_local.api import CallContext, ServiceError, UnsupportedOperationError
from windfall_local.functions.layers import LayerOperations
from windfall_local.functions.records import FunctionRecord

_UNKNOWN = ("EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl")


class PermissionOperations(LayerOperations):
    """Who may invoke a function, beside the policies of the caller."""

    def resource_policy(self, reference: str) -> dict[str, Any] | None:
        """The policy document of a function, `None` when it has none."""
        record = self.find(reference)
        if not record.policy:
            return None
        return {
            "Version": "2012-10-17",
            "Id": "default",
            "Statement": list(record.policy.values()),
        }

    async def add_permission(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """AddPermission."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        for member in _UNKNOWN:
            if member in parameters:
                raise UnsupportedOperationError(f"The local lambda does not honour {member}.")
        identifier = parameters["StatementId"]
        if identifier in record.policy:
            raise ServiceError(
                "ResourceConflictException",
                f"The statement id ({identifier}) provided already exists. Please provide a new "
                "statement id, or remove the existing statement.",
                status=409,
            )
        statement = _statement(record, parameters)
        record.policy[identifier] = statement
        record.revision = str(uuid4())
        self._save()
        return {"Statement": json.dumps(statement)}

    async def get_policy(self, parameters: dict[str, Any], _context: CallContext) -> dict[str, Any]:
        """GetPolicy."""
        policy = self.resource_policy(parameters["FunctionName"])
        if policy is None:
            raise _no_policy()
        revision = self.find(parameters["FunctionName"]).revision
        return {"Policy": json.dumps(policy), "RevisionId": revision}

    async def remove_permission(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """RemovePermission."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        if record.policy.pop(parameters["StatementId"], None) is None:
            raise _no_policy()
        self._save()
        return {}


def _statement(record: FunctionRecord, parameters: dict[str, Any]) -> dict[str, Any]:
    principal = parameters["Principal"]
    if "." in principal and not principal.startswith("arn:"):
        who: Any = {"Service": principal}
    elif re.fullmatch(r"\d{12}", principal):
        who = {"AWS": f"arn:aws:iam::{principal}:root"}
    else:
        who = "*" if principal == "*" else {"AWS": principal}
    condition: dict[str, Any] = {}
    if "SourceArn" in parameters:
        condition["ArnLike"] = {"AWS:SourceArn": parameters["SourceArn"]}
    equals = {
        key: parameters[member]
        for member, key in (
            ("SourceAccount", "AWS:SourceAccount"),
            ("PrincipalOrgID", "aws:PrincipalOrgID"),
        )
        if member in parameters
    }
    if equals:
        condition["StringEquals"] = equals
    return {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": who,
        "Action": parameters["Action"],
        "Resource": record.arn,
        **({"Condition": condition} if condition else {}),
    }


def _no_policy() -> ServiceError:
    return ServiceError(
        "ResourceNotFoundException",
        "No policy is associated with the given resource.",
        status=404,
        fields={"Type": "User"},
    )
