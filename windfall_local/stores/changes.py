"""Which operations can change the stores: all but those that are known to look only."""

from __future__ import annotations

from functools import cache

_LOOKS = (
    "BatchGet",
    "Describe",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "TransactGet",
    "Validate",
)
_USES_OF_KEYS = frozenset(
    {
        "Decrypt",
        "DeriveSharedSecret",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GenerateRandom",
        "ReEncrypt",
        "Sign",
        "Verify",
        "VerifyMac",
    }
)


@cache
def may_change(service: str, operation: str) -> bool:
    """Whether an operation may leave something behind, by its name."""
    if service == "kms" and operation in _USES_OF_KEYS:
        return False
    if operation == "GetParametersForImport":  # of KMS; it makes a key to wrap with
        return True
    return not operation.startswith(_LOOKS)
