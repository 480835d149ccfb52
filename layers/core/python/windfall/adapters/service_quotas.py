"""How many jobs may run: AWS Service Quotas, or what the operator says in SSM instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from windfall.quotas import JobQuota


class ServiceQuotas:
    """The quotas of this account and region.

    Args:
        path: `/<stack>/limits`; a parameter named after the service below it goes before the quota.
    """

    def __init__(self, path: str) -> None:
        self._path = path.rstrip("/")

    def limit(self, service: str, quota: JobQuota) -> int:
        """What the operator says, else what the account has, else the published default."""
        said = self._said(service)
        if said is not None:
            return said
        try:
            with translated_errors():
                answer = store_client("service-quotas").get_service_quota(
                    ServiceCode=quota.service_code, QuotaCode=quota.quota_code
                )
        except NotFoundError:
            return quota.default
        return int(answer["Quota"]["Value"])

    def _said(self, service: str) -> int | None:
        name = f"{self._path}/{service}"
        try:
            with translated_errors():
                answer = store_client("ssm").get_parameter(Name=name)
        except NotFoundError:
            return None
        value = str(answer["Parameter"]["Value"]).strip()
        if not value.isdecimal():
            raise InvalidInputError(f"{name} is no number of jobs: {value!r}.")
        return int(value)
