"""boto3 clients: one per service and process, made when first needed."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_STORES = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=16,
    tcp_keepalive=True,
)

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
    return boto3.client(service, config=_STORES)


@cache
def ai_client(service: str) -> Any:
    """The client of an AI service."""
    return boto3.client(service, config=_AI_SERVICES)
