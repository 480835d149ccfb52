"""AWS KMS and IAM."""

from __future__ import annotations

from typing import Any

from windfall_local.api import ACCOUNT
from windfall_local.identity.needs.need import Need, Scene, key

_BY_KEY = frozenset(
    {
        "Decrypt",
        "DescribeKey",
        "DisableKey",
        "EnableKey",
        "EnableKeyRotation",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "PutKeyPolicy",
        "ReEncrypt",
        "ScheduleKeyDeletion",
    }
)
_KMS_LISTS = frozenset({"CreateKey", "GenerateRandom", "ListAliases", "ListKeys"})


def kms_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a KMS operation."""
    if operation in _KMS_LISTS:
        return [Need(f"kms:{operation}")]
    if operation not in _BY_KEY:
        return None
    reference = parameters.get("KeyId")
    # Without a KeyId, Decrypt takes the key that the ciphertext names; nothing here knows which.
    resource = _key_arn(reference, scene) if reference else scene.arn("kms", "key/*")
    keys: dict[str, tuple[str, ...]] = {}
    context = parameters.get("EncryptionContext") or {}
    for name, value in context.items():
        keys |= key(f"kms:EncryptionContext:{name}", value)
    if context:
        keys |= key("kms:EncryptionContextKeys", list(context))
    return [Need(f"kms:{operation}", resource, keys)]


def _key_arn(reference: str, scene: Scene) -> str:
    if reference.startswith("arn:"):
        return reference
    return scene.arn("kms", reference if reference.startswith("alias/") else f"key/{reference}")


_BY_ROLE = frozenset(
    {
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRole",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListRolePolicies",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "TagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
    }
)
_BY_POLICY = frozenset(
    {"DeletePolicy", "GetPolicy", "GetPolicyVersion", "ListEntitiesForPolicy", "ListPolicyVersions"}
)


def iam_needs(operation: str, parameters: dict[str, Any], _: Scene) -> list[Need] | None:
    """The permissions of an IAM operation on roles and policies."""
    if operation in _BY_ROLE:
        path = parameters.get("Path") or "/"
        keys = key("iam:PolicyARN", parameters.get("PolicyArn")) | key(
            "iam:PermissionsBoundary", parameters.get("PermissionsBoundary")
        )
        arn = f"arn:aws:iam::{ACCOUNT}:role{path}{parameters['RoleName']}"
        return [Need(f"iam:{operation}", arn, keys)]
    if operation in _BY_POLICY:
        return [Need(f"iam:{operation}", parameters["PolicyArn"])]
    if operation == "CreatePolicy":
        path = parameters.get("Path") or "/"
        arn = f"arn:aws:iam::{ACCOUNT}:policy{path}{parameters['PolicyName']}"
        return [Need("iam:CreatePolicy", arn)]
    if operation in ("ListRoles", "ListPolicies"):
        return [Need(f"iam:{operation}")]
    return None
