"""The bytes of a request's image, from the request or from S3, within Rekognition's limits."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, ServiceError
from windfall_local.engines import InvalidMediaError
from windfall_local.engines.vision.header import read_header
from windfall_local.services.rekognition.parameters import invalid

MAX_BYTES = 5_242_880
"""Of raw bytes in a request."""
MAX_OBJECT_BYTES = 15 * 1024 * 1024
"""Of an object in S3. Limits: Rekognition developer guide, "Guidelines and quotas"."""
MIN_SIDE, MAX_SIDE = 80, 10_000
_SEE = "Rekognition takes images of at least 80 x 80 and at most 10,000 x 10,000 pixels."


def invalid_format() -> ServiceError:
    """What Rekognition says of anything but a sound PNG or JPEG."""
    return ServiceError("InvalidImageFormatException", "Request has invalid image format")


async def read_image(image: dict[str, Any], context: CallContext) -> bytes:
    """The image of a request, checked by its first bytes.

    Raises:
        ServiceError: It is missing, too large or too small, or neither PNG nor JPEG.
    """
    reference = image.get("S3Object")
    if (image.get("Bytes") is None) == (reference is None):
        raise invalid("An image needs exactly one of Bytes and S3Object.")
    if reference is not None:
        content = await _read_object(reference, context)
    else:
        content = bytes(image["Bytes"])
        if len(content) > MAX_BYTES:
            raise _too_large(len(content), MAX_BYTES)
    if not content:
        raise invalid("The image is empty.")
    try:
        header = read_header(content)
    except InvalidMediaError as error:
        raise invalid_format() from error
    shorter, longer = sorted((header.width, header.height))
    if shorter < MIN_SIDE or longer > MAX_SIDE:
        raise invalid(f"The image has {header.width} x {header.height} pixels. {_SEE}")
    return content


async def _read_object(reference: dict[str, Any], context: CallContext) -> bytes:
    parameters = {"Bucket": reference.get("Bucket"), "Key": reference.get("Name")}
    if None in parameters.values():
        raise invalid("S3Object needs Bucket and Name.")
    if reference.get("Version"):
        parameters["VersionId"] = reference["Version"]
    try:
        # Read as the caller, as AWS does: a role without s3:GetObject fails here too.
        answer = await context.cloud.call("s3", "GetObject", parameters, context.principal)
    except ServiceError as error:
        raise ServiceError(
            "InvalidS3ObjectException",
            "Unable to get object metadata from S3. "
            "Check object key, region and/or access permissions.",
        ) from error
    content = bytes(answer["Body"])
    if len(content) > MAX_OBJECT_BYTES:
        raise _too_large(len(content), MAX_OBJECT_BYTES)
    return content


def _too_large(size: int, limit: int) -> ServiceError:
    return ServiceError(
        "ImageTooLargeException", f"Image size is too large: {size:,} bytes of at most {limit:,}."
    )
