"""AddTags, ListTags and DeleteTags, on whatever SageMaker keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from windfall_local.api import CallContext
from windfall_local.services.sagemaker.records import Document, Records
from windfall_local.services.sagemaker.wording import invalid

Answer = dict[str, Any]
_MOST = 50


class TagOperations:
    """Tags; a record keeps them in the request that it was made by."""

    def _kept(self) -> Iterable[Records]:
        raise NotImplementedError

    async def add_tags(self, parameters: Answer, context: CallContext) -> Answer:
        """Add tags, or change what they say; all of them come back."""
        records, record = self._tagged(parameters["ResourceArn"])
        tags = {tag["Key"]: tag["Value"] for tag in tags_of(record)}
        tags |= {tag["Key"]: tag["Value"] for tag in parameters["Tags"]}
        if len(tags) > _MOST:
            raise invalid(f"A resource has at most {_MOST} tags.")
        return {"Tags": _keep(records, record, tags)}

    async def list_tags(self, parameters: Answer, context: CallContext) -> Answer:
        """A resource's tags."""
        return {"Tags": tags_of(self._tagged(parameters["ResourceArn"])[1])}

    async def delete_tags(self, parameters: Answer, context: CallContext) -> Answer:
        """Take tags away."""
        records, record = self._tagged(parameters["ResourceArn"])
        gone = set(parameters["TagKeys"])
        left = {tag["Key"]: tag["Value"] for tag in tags_of(record) if tag["Key"] not in gone}
        _keep(records, record, left)
        return {}

    def _tagged(self, arn: str) -> tuple[Records, Document]:
        for records in self._kept():
            for record in records:
                if record["arn"] == arn:
                    return records, record
        raise invalid(f"Could not find resource {arn}.")


def tags_of(record: Document) -> list[dict[str, str]]:
    """A record's tags, as the API has them."""
    return list(record["request"].get("Tags") or ())


def _keep(records: Records, record: Document, tags: dict[str, str]) -> list[dict[str, str]]:
    record["request"]["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    records.save(record)
    return tags_of(record)
