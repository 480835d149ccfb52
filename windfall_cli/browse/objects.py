"""Objects of S3 as answers: streamed, by ranges where asked, never as something that would run.

They are passed through and not fetched by presigned URLs: those would need a policy that lets the
page load from S3's address, and would be good for whoever saw them. At most 64 KiB of an object are
in memory at a time.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from windfall.contracts.base import S3Pointer

OBJECT_POLICY = "sandbox; default-src 'none'"
REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""For the report of a training, which is ours and has its styles and pictures in itself: no script
runs in it and it belongs to no origin, whatever somebody called a column."""

INLINE_TYPES = {
    "aac": "audio/aac",
    "flac": "audio/flac",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "m4a": "audio/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
}
"""What a browser may show, by what the bytes are or a result is called. HTML and SVG are not among
it: everything else is saved and not opened."""

_CHUNK = 65_536
_RANGE = re.compile(r"^bytes=(\d{1,15}-\d{0,15}|-\d{1,15})$")


def inline_type(name_or_format: str) -> str | None:
    """How a browser may show it; None for what is only saved."""
    suffix = PurePosixPath(name_or_format).suffix.lstrip(".") or name_or_format
    return INLINE_TYPES.get(suffix.lower())


def send_object(
    client: Any, pointer: S3Pointer, *, name: str, media_type: str | None, asked: str | None = None
) -> Response:
    """An object, or the range of it that was asked for.

    Args:
        client: Of S3.
        pointer: Where it lies.
        name: What it is called when it is saved.
        media_type: How it is shown; without one it is saved.
        asked: The request's `Range` header. Several ranges, or what is none, get the whole.
    """
    version = {"VersionId": pointer.version_id} if pointer.version_id else {}
    part = {"Range": asked} if asked is not None and _RANGE.match(asked) else {}
    try:
        answer = client.get_object(Bucket=pointer.bucket, Key=pointer.key, **version, **part)
    except ClientError as error:
        return _refused(error)
    is_report = media_type is not None and media_type.startswith("text/html")
    headers = {
        "Content-Length": str(answer["ContentLength"]),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": REPORT_POLICY if is_report else OBJECT_POLICY,
        "Content-Disposition": disposition(name, inline=media_type is not None),
    }
    status = 200
    if part and "ContentRange" in answer:
        headers["Content-Range"] = answer["ContentRange"]
        status = 206
    kind = media_type or "application/octet-stream"
    return _ObjectResponse(answer["Body"], status, headers, kind)


class _ObjectResponse(StreamingResponse):
    """Sends the body of an object, and lets go of it when the browser goes away in the middle."""

    def __init__(self, body: Any, status: int, headers: dict[str, str], kind: str) -> None:
        super().__init__(body.iter_chunks(_CHUNK), status, headers, kind)
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._body.close()


def disposition(name: str, *, inline: bool) -> str:
    """How the browser is told to save a file: by the last part of its name, in ASCII and whole."""
    last = name.rpartition("/")[2] or "file"
    ascii_name = re.sub(r"[^A-Za-z0-9._ -]", "_", last)
    how = "inline" if inline else "attachment"
    return f"{how}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(last, safe='')}"


def _refused(error: ClientError) -> Response:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if status == 416:
        return PlainTextResponse("There is no such range of it.\n", 416)
    if status in {404, 405}:  # 405: the version is a delete marker
        return PlainTextResponse("It is not there any more.\n", 404)
    raise error
