"""How many jobs of a service may run at a time, in an account and a region.

The figures are the published defaults (docs.aws.amazon.com, "endpoints and quotas" of each
service, read in November 2026); what an account really has, Service Quotas tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class JobQuota(NamedTuple):
    """A quota as Service Quotas knows it, and its published default."""

    service_code: str
    quota_code: str
    default: int


JOB_QUOTAS: Mapping[str, JobQuota] = {
    "rekognition": JobQuota("rekognition", "L-A6079699", 20),
    "transcribe": JobQuota("transcribe", "L-6F7AB1C9", 250),
}
"""By the name that `JobId.service` has. A service that stands nowhere here has no such limit, or
lets what is too much wait by itself, as Translate does with its batch jobs."""
