"""boto3 clients: one per service and process, made when first needed."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from windfall.adapters.aws_errors import is_refusal
from windfall.claims import is_asked_once
from windfall.tracing import tracer

_STORES = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=16,
    tcp_keepalive=True,
)

# What is written to S3 was often paid for a moment ago: if S3 refuses it for good, the task is
# tried again and pays again. Where one call in three is refused, five tries fail once in 243, ten
# once in 59,049.
_RESULTS = _STORES.merge(Config(retries={"mode": "standard", "total_max_attempts": 10}))

# The AI services refuse by rate: the client itself slows down (adaptive) before the machine's
# own retries with full jitter take over. An answer may take long for a large image or text.
_AI_SERVICES = Config(
    connect_timeout=3,
    read_timeout=60,
    retries={"mode": "adaptive", "total_max_attempts": 4},
    max_pool_connections=16,
    tcp_keepalive=True,
)


@cache
def store_client(service: str) -> Any:
    """The client of a store or of another service that answers at once."""
    config = _RESULTS if service == "s3" else _STORES
    return tracer.follow(boto3.client(service, config=config))


@cache
def ai_client(service: str) -> Any:
    """The client of an AI service; it repeats what failed, unless that is to be asked once."""
    client = boto3.client(service, config=_AI_SERVICES)
    event = f"needs-retry.{client.meta.service_model.service_id.hyphenize()}"
    client.meta.events.register_first(event, _leave_unanswered)
    return tracer.follow(client)


def _leave_unanswered(
    response: tuple[Any, dict[str, Any]] | None, caught_exception: Exception | None, **_: Any
) -> bool | None:
    """False where a call may have been done that is to be made once: then nobody repeats it."""
    answer = None if response is None else response[1]
    repeats = not is_asked_once() or is_refusal(answer, caught_exception)
    return None if repeats else False
