"""What S3 tells EventBridge: objects created and deleted in buckets that have it switched on."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from windfall_local.api import ACCOUNT, Cloud, CompletedCall, Principal, ServiceError
from windfall_local.events.service import EventBridgeService

_EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"  # the etag that a delete marker shows


class S3Notifications:
    """Watches S3's calls and puts S3's events on the default bus (an `api.Observer`).

    Args:
        cloud: Answers what a bucket's notification settings are.
        events: Takes the events.
    """

    SERVICE = "s3"
    OPERATIONS = (
        "PutObject",
        "CopyObject",
        "CompleteMultipartUpload",
        "DeleteObject",
        "DeleteObjects",
        "PutBucketNotificationConfiguration",
        "CreateBucket",
        "DeleteBucket",
    )
    """What it wants to be told of."""

    def __init__(self, cloud: Cloud, events: EventBridgeService) -> None:
        self._cloud = cloud
        self._events = events
        self._enabled: dict[str, bool] = {}
        self._sequence = 0
        handlers: tuple[Callable[[CompletedCall], Awaitable[None]], ...] = (
            self._put,
            self._copied,
            self._assembled,
            self._deleted_one,
            self._deleted_many,
            self._configured,
            self._forget,
            self._forget,
        )
        self._handlers = dict(zip(self.OPERATIONS, handlers, strict=True))

    async def __call__(self, call: CompletedCall) -> None:
        """Take notice of a call; only S3's matter."""
        if call.service == self.SERVICE and call.operation in self._handlers:
            await self._handlers[call.operation](call)

    # --- Settings ----------------------------------------------------------------------------

    async def _configured(self, call: CompletedCall) -> None:
        settings = call.parameters.get("NotificationConfiguration") or {}
        self._enabled[call.parameters["Bucket"]] = "EventBridgeConfiguration" in settings

    async def _forget(self, call: CompletedCall) -> None:
        self._enabled.pop(call.parameters["Bucket"], None)

    async def _is_enabled(self, bucket: str) -> bool:
        if bucket not in self._enabled:
            try:
                settings = await self._cloud.call(
                    "s3",
                    "GetBucketNotificationConfiguration",
                    {"Bucket": bucket},
                    Principal.root(),
                )
            except ServiceError:
                return False
            self._enabled[bucket] = "EventBridgeConfiguration" in settings
        return self._enabled[bucket]

    # --- Objects -----------------------------------------------------------------------------

    async def _put(self, call: CompletedCall) -> None:
        if not await self._is_enabled(call.parameters["Bucket"]):
            return
        body = call.parameters.get("Body", b"")
        size = (
            len(body)
            if isinstance(body, bytes | bytearray | memoryview)
            else await self._size(call)
        )
        await self._created(call, size, call.response.get("ETag", ""))

    async def _copied(self, call: CompletedCall) -> None:
        if await self._is_enabled(call.parameters["Bucket"]):
            etag = (call.response.get("CopyObjectResult") or {}).get("ETag", "")
            await self._created(call, await self._size(call), etag)

    async def _assembled(self, call: CompletedCall) -> None:
        if await self._is_enabled(call.parameters["Bucket"]):
            await self._created(call, await self._size(call), call.response.get("ETag", ""))

    async def _size(self, call: CompletedCall) -> int:
        place = {key: call.parameters[key] for key in ("Bucket", "Key")}
        if call.response.get("VersionId"):
            place["VersionId"] = call.response["VersionId"]
        head = await self._cloud.call("s3", "HeadObject", place, Principal.root())
        return int(head["ContentLength"])

    async def _created(self, call: CompletedCall, size: int, etag: str) -> None:
        described = {"key": call.parameters["Key"], "size": size, "etag": etag.strip('"')}
        await self._emit(
            call,
            "Object Created",
            {"object": described, "reason": call.operation},
            call.response.get("VersionId"),
        )

    async def _deleted_one(self, call: CompletedCall) -> None:
        if await self._is_enabled(call.parameters["Bucket"]):
            await self._deleted(
                call,
                call.parameters["Key"],
                call.response.get("VersionId"),
                is_marker=_is_new_marker(call.parameters, call.response),
            )

    async def _deleted_many(self, call: CompletedCall) -> None:
        if not await self._is_enabled(call.parameters["Bucket"]):
            return
        for deleted in _all_deleted(call):
            is_marker = _is_new_marker(deleted, deleted)
            version = deleted.get("DeleteMarkerVersionId" if is_marker else "VersionId")
            await self._deleted(call, deleted["Key"], version, is_marker=is_marker)

    async def _deleted(
        self, call: CompletedCall, key: str, version: str | None, *, is_marker: bool
    ) -> None:
        described: dict[str, Any] = {"key": key}
        if is_marker:
            described["etag"] = _EMPTY_MD5
        kind = "Delete Marker Created" if is_marker else "Permanently Deleted"
        told = {"object": described, "reason": "DeleteObject", "deletion-type": kind}
        await self._emit(call, "Object Deleted", told, version)

    async def _emit(
        self, call: CompletedCall, detail_type: str, told: dict[str, Any], version: str | None
    ) -> None:
        bucket = call.parameters["Bucket"]
        if version and version != "null":
            told["object"]["version-id"] = version
        told["object"]["sequencer"] = self._next_sequencer()
        detail = {
            "version": "0",
            "bucket": {"name": bucket},
            "request-id": secrets.token_hex(8).upper(),
            "requester": _requester(call.principal),
            "source-ip-address": "127.0.0.1",
            **told,
        }
        await self._events.emit("aws.s3", detail_type, detail, [f"arn:aws:s3:::{bucket}"])

    def _next_sequencer(self) -> str:
        """Grows with every event, also over restarts and when the machine's clock stands still."""
        self._sequence = max(self._sequence + 1, time.time_ns())
        return f"{self._sequence:016X}"


def _requester(principal: Principal) -> str:
    return principal.arn if principal.kind == "service" else ACCOUNT


def _is_new_marker(request: dict[str, Any], answer: dict[str, Any]) -> bool:
    # Deleting a marker by its version answers DeleteMarker too.
    return bool(answer.get("DeleteMarker")) and not request.get("VersionId")


def _all_deleted(call: CompletedCall) -> list[dict[str, Any]]:
    """What DeleteObjects deleted; a quiet one does not say, so it is what was asked less errors."""
    if call.response.get("Deleted"):
        return list(call.response["Deleted"])
    failed = {error.get("Key") for error in call.response.get("Errors") or ()}
    wanted = (call.parameters.get("Delete") or {}).get("Objects") or ()
    return [item for item in wanted if item["Key"] not in failed]
