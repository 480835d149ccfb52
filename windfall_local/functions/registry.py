"""Finds functions and layers by any of the names AWS knows them by."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windfall_local.api import ACCOUNT, Cloud, OperationService, ServiceError
from windfall_local.functions.records import FunctionRecord, LayerVersion, Records


def now() -> str:
    """The time as Lambda writes it: `2026-11-23T14:00:00.000+0000`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


class Registry(OperationService):
    """What the operations share: the records, and the file that keeps them."""

    name = "lambda"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._home = Path(cloud.data_dir) / "functions"
        self._records_file = self._home / "records.json"
        self.records = Records.load(self._records_file)

    def _save(self) -> None:
        self.records.save(self._records_file)

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:lambda:{self._cloud.region}:{ACCOUNT}:{kind}:{name}"

    def find(self, reference: str, qualifier: str | None = None) -> FunctionRecord:
        """The function of a name, partial ARN or ARN, with or without a qualifier.

        Raises:
            ServiceError: `ResourceNotFoundException`.
        """
        parts = reference.split(":")
        if len(parts) >= 7 and parts[:3] == ["arn", "aws", "lambda"]:
            name, rest = parts[6], parts[7:]
        elif "function" in parts:
            at = parts.index("function")
            name, rest = parts[at + 1], parts[at + 2 :]
        else:
            name, rest = parts[0], parts[1:]
        qualifier = rest[0] if rest else qualifier
        record = self.records.functions.get(name)
        if record is None or qualifier not in (None, "$LATEST"):
            arn = self._arn("function", name) + (f":{qualifier}" if qualifier else "")
            raise ServiceError(
                "ResourceNotFoundException",
                f"Function not found: {arn}",
                status=404,
                fields={"Type": "User"},
            )
        return record

    def find_layer(self, arn: str) -> LayerVersion:
        """The layer version of an ARN.

        Raises:
            ServiceError: There is none.
        """
        layer = self.records.layers.get(arn)
        if layer is None:
            raise ServiceError(
                "InvalidParameterValueException", f"Layer version {arn} does not exist."
            )
        return layer


def page(items: list[Any], parameters: dict[str, Any], key: str) -> dict[str, Any]:
    """One page of a list: `Marker` and `MaxItems` as Lambda takes them."""
    start = int(parameters.get("Marker") or 0)
    end = start + int(parameters.get("MaxItems") or 50)
    answer: dict[str, Any] = {key: items[start:end]}
    if end < len(items):
        answer["NextMarker"] = str(end)
    return answer
