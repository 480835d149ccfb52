"""The message that tells a topic of a job's end."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

from windfall_local.api import ACCOUNT, Cloud, Principal, ServiceError
from windfall_local.services.rekognition.video.jobs import VideoJob

HOST = "rekognition.amazonaws.com"
_SESSION = "RekognitionVideo"

_log = logging.getLogger(__name__)


def notice(job: VideoJob) -> dict[str, Any]:
    """What Rekognition publishes; `API` is the operation that started the job."""
    video = job.request["Video"]["S3Object"]
    tag = {"JobTag": job.request["JobTag"]} if job.request.get("JobTag") else {}
    ended = datetime.fromisoformat(job.ended or job.created)
    return {
        "JobId": job.job_id,
        "Status": job.status,
        "API": job.start,
        **tag,
        "Timestamp": int(ended.timestamp() * 1000),
        "Video": {"S3ObjectName": video["Name"], "S3Bucket": video["Bucket"]},
    }


async def tell(cloud: Cloud, job: VideoJob) -> None:
    """Publish the end of a job with the permissions of the role that was passed for it.

    What the role may not do leaves the job as it is, as on AWS: the message does not come. The log
    says why.
    """
    channel = job.request.get("NotificationChannel")
    if not channel:
        return
    role, topic = channel["RoleArn"], channel["SNSTopicArn"]
    service = Principal.service(HOST, f"arn:aws:rekognition:{cloud.region}:{ACCOUNT}:*")
    try:
        await cloud.call(
            "sts", "AssumeRole", {"RoleArn": role, "RoleSessionName": _SESSION}, service
        )
        message = {"TopicArn": topic, "Message": json.dumps(notice(job), separators=(",", ":"))}
        await cloud.call("sns", "Publish", message, Principal.role(role, _SESSION))
    except ServiceError as error:
        _log.warning(
            "The end of the job %s (%s) could not be told to %s: %s. The role %s must trust %s "
            "and may publish to the topic.",
            job.job_id,
            job.start,
            topic,
            error,
            role,
            HOST,
        )
