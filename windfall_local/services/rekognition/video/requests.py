"""What every Start… asks for, checked as Rekognition checks it."""

from __future__ import annotations

import re
from typing import Any

from windfall_local.services.rekognition.parameters import invalid

_TOKEN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TAG = re.compile(r"[a-zA-Z0-9_.\-:+=/]{1,1024}")
_TOPIC = re.compile(r"arn:aws:sns:([a-z0-9-]*):\w{12}:.+")
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")


def check_start(request: dict[str, Any], region: str) -> None:
    """Refuse what is wrong in the parameters that all have.

    Raises:
        ServiceError: `InvalidParameterException`, naming it.
    """
    reference = (request.get("Video") or {}).get("S3Object") or {}
    if not reference.get("Bucket") or not reference.get("Name"):
        raise invalid("Video needs an S3Object with Bucket and Name.")
    for name, form in (("ClientRequestToken", _TOKEN), ("JobTag", _TAG)):
        value = request.get(name)
        if value is not None and not form.fullmatch(str(value)):
            raise invalid(f"{name} does not match {form.pattern}.")
    channel = request.get("NotificationChannel")
    if channel is None:
        return
    topic = _TOPIC.fullmatch(str(channel.get("SNSTopicArn")))
    if topic is None or not _ROLE.fullmatch(str(channel.get("RoleArn"))):
        raise invalid("NotificationChannel needs the ARNs of a topic and of a role.")
    if topic[1] != region:
        raise invalid(f"The SNS topic must be in {region}, as the video is.")
