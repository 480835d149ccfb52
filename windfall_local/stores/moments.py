"""The moment of a request: moto's clock and moto's chance, so that it can be answered again.

While moto answers it asks the time, and draws ids of versions, messages, receipts and uploads.
A request that changes the stores is answered at a moment of its own, which the journal keeps:
replayed at the same moment on the same state, it changes the same things to the same values.

Not repeatable are RSA keys: those of KMS are kept by their state instead (`stores.py`); those
with which SNS signs what it puts into queues are made anew, so that a replayed message has another
signature.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import moto.core.utils
from moto.moto_api._internal import mock_random

chance = mock_random
"""What everything in moto draws from."""

_at: float | None = None
_is_replay = False


@contextmanager
def moment(at: float, seed: int, *, is_replay: bool = False) -> Iterator[None]:
    """Have moto see one time, and draw what this seed draws; only within a turn of the stores.

    Args:
        at: Seconds since 1970.
        seed: Any whole number.
        is_replay: Whether this happened before: nothing is sent out of the stores again.
    """
    global _at, _is_replay
    chance.seed(seed)
    _at, _is_replay = at, is_replay
    try:
        yield
    finally:
        _at, _is_replay = None, False


def now() -> float:
    """The moment's time, or the time; seconds since 1970."""
    return time.time() if _at is None else _at


def fit_moments() -> None:
    """Adapt moto; called once, before any of its services is imported."""
    asked = moto.core.utils.utcnow
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and getattr(module, "utcnow", None) is asked:
            module.utcnow = _utcnow  # type: ignore[attr-defined]


def fit_moments_of_services() -> None:
    """Adapt what goes around moto's own clock and chance; called once."""
    from moto.cloudwatch.models import Dashboard  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.logs.models import LogEvent  # noqa: PLC0415
    from moto.moto_api._internal.managed_state_model import ManagedState  # noqa: PLC0415
    from moto.s3.models import FakeBucket, FakeMultipart  # noqa: PLC0415
    from moto.sns.models import Subscription  # noqa: PLC0415

    def created(bucket: Any) -> None:
        bucket.creation_date = datetime.fromtimestamp(now(), UTC)

    def begun(upload: Any) -> None:
        upload.id = chance.get_random_string(56)

    def changed(dashboard: Any) -> None:
        dashboard.last_modified = _local_time()

    def logged(event: Any) -> None:
        event.event_id = chance.getrandbits(63)  # moto would count anew in every process

    def progressed(managed: Any) -> None:
        managed._time_progressed = _local_time()

    _after_making(FakeBucket, created)
    _after_making(FakeMultipart, begun)
    _after_making(Dashboard, changed)
    _after_making(LogEvent, logged)
    _after_making(ManagedState, progressed)

    publish = Subscription.publish

    def publish_once(subscription: Any, *arguments: Any, **more: Any) -> None:
        # A queue is one of the stores; any other subscriber was told when it happened.
        if not _is_replay or subscription.protocol == "sqs":
            publish(subscription, *arguments, **more)

    Subscription.publish = publish_once


def _utcnow() -> datetime:
    return datetime.fromtimestamp(now(), UTC).replace(tzinfo=None)


def _local_time() -> datetime:
    return datetime.fromtimestamp(now())  # without a zone, as moto has it there


def _after_making(kind: Any, adjust: Any) -> None:
    make = kind.__init__

    def make_and_adjust(made: Any, *arguments: Any, **more: Any) -> None:
        make(made, *arguments, **more)
        adjust(made)

    kind.__init__ = make_and_adjust
