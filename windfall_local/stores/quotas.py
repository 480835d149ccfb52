"""Service Quotas: how many jobs the local services take at a time, beside moto's quotas of VPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

JOBS = {
    ("rekognition", "L-A6079699"): (
        "The maximum number of concurrent Amazon Rekognition Video stored video jobs per account",
        20,
    ),
    ("transcribe", "L-6F7AB1C9"): ("Number of concurrent batch transcription jobs", 250),
    ("translate", "L-10DB0BCF"): ("Concurrent batch translation jobs", 10),
}
"""By service and quota: its name, and what the service here keeps to. Any other one there is not
(`NoSuchResourceException`)."""


def fit_quotas() -> None:
    """Adapt moto; called once."""
    from moto.servicequotas.models import (  # noqa: PLC0415 - see `moto_fit.backends`
        ServiceQuotasBackend,
    )

    get: Callable[[Any, str, str], dict[str, Any]] = ServiceQuotasBackend.get_service_quota
    list_defaults: Callable[[Any, str], list[dict[str, Any]]] = (
        ServiceQuotasBackend.list_aws_default_service_quotas
    )

    def get_quota(backend: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        if (service_code, quota_code) in JOBS:
            return _shown(backend.region_name, service_code, quota_code)
        return get(backend, service_code, quota_code)

    def list_quotas(backend: Any, service_code: str) -> list[dict[str, Any]]:
        codes = [code for service, code in JOBS if service == service_code]
        if codes:
            return [_shown(backend.region_name, service_code, code) for code in codes]
        return list_defaults(backend, service_code)

    ServiceQuotasBackend.get_service_quota = get_quota
    ServiceQuotasBackend.list_aws_default_service_quotas = list_quotas


def _shown(region: str, service: str, code: str) -> dict[str, Any]:
    name, value = JOBS[service, code]
    return {
        "ServiceCode": service,
        "ServiceName": f"Amazon {service.capitalize()}",
        "QuotaArn": f"arn:aws:servicequotas:{region}::{service}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
