"""A cloud with buckets, a bus and topics, for services that read, write and tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from windfall_local.api import Principal, ServiceError


class FakeCloud:
    """S3 in a dictionary; events and messages in lists; permissions as the test takes them away."""

    region = "us-east-1"
    endpoint = "http://127.0.0.1:4566"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.objects: dict[tuple[str, str], bytes] = {}
        self.metadata: dict[tuple[str, str], dict[str, str]] = {}
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.messages: list[dict[str, Any]] = []
        self.denied: set[str] = set()
        self._parts: dict[tuple[str, str], list[bytes]] = {}
        self.callers: list[str] = []
        self.sizes: dict[str, int] = {}
        """Of objects that are said to be larger than they are."""
        self.languages: list[dict[str, Any]] = []
        """What Comprehend finds."""

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        """Objects with ranges, in parts and in lists; messages, roles, and languages."""
        self.callers.append(principal.arn)
        if operation in self.denied:
            raise ServiceError("AccessDenied", "Access Denied", status=403)
        if operation == "Publish":
            self.messages.append(parameters)
            return {"MessageId": str(len(self.messages))}
        if operation == "AssumeRole":
            return {}
        if operation == "DetectDominantLanguage":
            return {"Languages": self.languages}
        assert service == "s3"
        if operation == "ListObjectsV2":
            return self._listed(parameters)
        if "Upload" in operation:
            return self._upload(operation, parameters)
        place = parameters["Bucket"], parameters["Key"]
        if operation == "PutObject":
            self.objects[place] = bytes(parameters["Body"])
            self.metadata[place] = parameters.get("Metadata", {})
            return {}
        if place not in self.objects:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", status=404)
        content = self.objects[place]
        if operation == "HeadObject":
            return {"ContentLength": len(content)}
        begin, end = 0, len(content) - 1
        if "Range" in parameters:
            begin, end = map(int, parameters["Range"].removeprefix("bytes=").split("-"))
        return {"Body": content[begin : end + 1]}

    def _listed(self, parameters: dict[str, Any]) -> Any:
        """Two objects a page."""
        found = [
            {"Key": key, "Size": self.sizes.get(key, len(body))}
            for (bucket, key), body in sorted(self.objects.items())
            if bucket == parameters["Bucket"] and key.startswith(parameters["Prefix"])
        ]
        begin = int(parameters.get("ContinuationToken", 0))
        page = {"Contents": found[begin : begin + 2], "IsTruncated": begin + 2 < len(found)}
        return {**page, "NextContinuationToken": str(begin + 2)} if page["IsTruncated"] else page

    def _upload(self, operation: str, parameters: dict[str, Any]) -> Any:
        place = parameters["Bucket"], parameters["Key"]
        if operation == "CreateMultipartUpload":
            self._parts[place] = []
            return {"UploadId": "upload"}
        if operation == "UploadPart":
            self._parts[place].append(bytes(parameters["Body"]))
            return {"ETag": f"part {parameters['PartNumber']}"}
        wanted = [part["ETag"] for part in parameters["MultipartUpload"]["Parts"]]
        assert wanted == [f"part {number + 1}" for number in range(len(self._parts[place]))]
        self.objects[place] = b"".join(self._parts.pop(place))
        return {}

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Remember an event."""
        self.events.append((source, detail_type, detail))
