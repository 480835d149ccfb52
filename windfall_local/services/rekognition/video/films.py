"""The videos that jobs work on: fetched once, however many jobs look at them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.services.rekognition.video.jobs import JobFailedError, VideoJob

LARGEST = 10 * 1024**3
"""Bytes of a video. Rekognition developer guide, "Guidelines and quotas"."""
_PIECE = 8 * 1024**2


async def find_video(cloud: Cloud, video: dict[str, Any], caller: Principal) -> dict[str, Any]:
    """The video of a request as it is now: `bucket`, `key`, `size`, `etag`, perhaps `version`.

    It is looked at as the caller, as AWS does: a role without s3:GetObject fails here too.

    Raises:
        ServiceError: It can't be read, or is too large.
    """
    reference = video["S3Object"]
    where = {"Bucket": reference["Bucket"], "Key": reference["Name"]}
    if reference.get("Version"):
        where["VersionId"] = reference["Version"]
    try:
        head = await cloud.call("s3", "HeadObject", where, caller)
    except ServiceError as error:
        raise ServiceError(
            "InvalidS3ObjectException",
            "Unable to get object metadata from S3. "
            "Check object key, region and/or access permissions.",
        ) from error
    size = int(head["ContentLength"])
    if size > LARGEST:
        raise ServiceError(
            "VideoTooLargeException", f"The video has {size:,} bytes of at most {LARGEST:,}."
        )
    source = {"bucket": where["Bucket"], "key": where["Key"], "size": size}
    source["etag"] = str(head.get("ETag", ""))
    version = where.get("VersionId") or head.get("VersionId")
    return {**source, "version": str(version)} if version else source


class Films:
    """Copies of videos on disk.

    Args:
        folder: Where they lie; made with the first.
        cloud: Has the videos.
    """

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self._folder = folder
        self._cloud = cloud
        self._locks: dict[Path, asyncio.Lock] = {}

    async def fetch(self, job: VideoJob) -> Path:
        """The video of a job, as it was when the job was accepted.

        Raises:
            JobFailedError: It can't be read any more.
        """
        path = self._path(job)
        async with self._locks.setdefault(path, asyncio.Lock()):
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_suffix(".draft")
                await self._copy(job, draft)
                draft.replace(path)
        return path

    def tidy(self, at_work: Iterable[VideoJob]) -> None:
        """Remove the videos that no job needs any more."""
        needed = {self._path(job).name for job in at_work}
        if not needed:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        for path in self._folder.glob("*"):
            if path.stem not in needed:
                path.unlink(missing_ok=True)

    async def _copy(self, job: VideoJob, path: Path) -> None:
        source = job.source
        where = {"Bucket": source["bucket"], "Key": source["key"]}
        if "version" in source:
            where["VersionId"] = source["version"]
        try:
            with path.open("wb") as file:
                for begin in range(0, source["size"], _PIECE):
                    wanted = f"bytes={begin}-{min(begin + _PIECE, source['size']) - 1}"
                    part = await self._cloud.call(
                        "s3", "GetObject", {**where, "Range": wanted}, job.principal
                    )
                    if str(part.get("ETag", "")) != source["etag"]:
                        raise JobFailedError("The video was replaced before it was read.")
                    await asyncio.to_thread(file.write, bytes(part["Body"]))
        except ServiceError as error:
            raise JobFailedError(
                "Unable to get object from S3. Check object key, region and/or access "
                f"permissions. ({error.code})"
            ) from error

    def _path(self, job: VideoJob) -> Path:
        # Whoever may read it: each caller's copy is its own, so none reads by another's leave.
        identity = json.dumps([job.source, job.caller], sort_keys=True)
        return self._folder / hashlib.sha256(identity.encode()).hexdigest()[:32]
