"""moto, fitted to the local cloud: what is switched off, and why.

moto is a mock library: it decides accounts by access keys, evaluates bucket policies without
their conditions, and delivers notifications itself. Here the gateway authenticates and
authorizes, and observers deliver, so those parts are switched off once per process. Everything
else is moto as released.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import moto.core
import moto.core.loaders
import moto.core.models
import moto.core.responses
import moto.core.utils
from moto.core.base_backend import BackendDict
from moto.core.responses import BaseResponse

from windfall_local.api import ACCOUNT
from windfall_local.stores.attributes import fit_attributes
from windfall_local.stores.moments import fit_moments, fit_moments_of_services, now
from windfall_local.stores.objects import fit_objects
from windfall_local.stores.partitions import fit_queries
from windfall_local.stores.quotas import fit_quotas
from windfall_local.stores.transactions import fit_transactions
from windfall_local.wire.models import loader

# Before any service is imported: IAM and SNS copy the name at import.
moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = ACCOUNT

MOTO_NAMES = {
    "s3": "s3",
    "dynamodb": "dynamodb",
    "sqs": "sqs",
    "sns": "sns",
    "ssm": "ssm",
    "kms": "kms",
    "logs": "logs",
    "cloudwatch": "cloudwatch",
    "iam": "iam",
    "sts": "sts",
    "service-quotas": "servicequotas",
    "application-autoscaling": "applicationautoscaling",
}
"""The services that moto keeps, by botocore's name, and moto's name for each."""

_message_listeners: list[Callable[[str], None]] = []


def listen_for_messages(listener: Callable[[str], None]) -> None:
    """Have a listener told the queue's name whenever a message comes into a queue."""
    _message_listeners.append(listener)


def forget_listener(listener: Callable[[str], None]) -> None:
    """Stop telling a listener."""
    _message_listeners.remove(listener)


@cache
def fit() -> None:
    """Adapt moto; the first call does it."""
    fit_moments()
    _fit_models()
    _fit_requests()
    _fit_notifications()
    _fit_topics()
    _fit_queues()
    _fit_parameters()
    _fit_versions()
    fit_transactions()
    fit_queries()
    fit_attributes()
    fit_quotas()
    fit_moments_of_services()
    fit_objects()


@cache
def backends(service: str) -> BackendDict[Any]:
    """Moto's backends of a service, by account and region."""
    fit()
    import moto.backends  # noqa: PLC0415 - heavy, and only after the account is set

    return moto.backends.get_backend(MOTO_NAMES[service])


def replace_backends(service: str, accounts: dict[str, Any]) -> None:
    """Have a service be as it was."""
    found = backends(service)
    found.clear()
    found.update(accounts)


def _fit_models() -> None:
    """Share our models; moto would read and parse every one of them once more.

    Where moto adds to a model, it goes on to make its own.
    """
    own = moto.core.utils.create_loader()

    def load(service: str, kind: str) -> Any:
        folder = Path(moto.core.loaders.moto_root, service.replace("-", ""))
        added = any(folder.glob(f"*/{kind}.moto-extras.*"))
        return (own if added else loader).load_service_model(service, kind)

    moto.core.utils._load_service_model = load


def _fit_requests() -> None:
    """One account, AWS's managed policies, and no work per request that nobody looks at."""
    import moto.iam.models  # noqa: PLC0415 - see `backends`

    BaseResponse.get_current_account = lambda _: ACCOUNT
    # Access Advisor's bookkeeping: it walks every access key for every request.
    moto.iam.models.mark_account_as_visited = lambda **_: None
    # Templates attach AWS's own managed policies; roles are evaluated with them.
    moto.iam.models.load_iam_aws_managed_policies = lambda: True
    moto.core.responses.method_names_from_class = cache(moto.core.utils.method_names_from_class)
    moto.core.responses.gen_amzn_requestid_long = _request_id


def _request_id(headers: dict[str, Any] | None = None) -> str:
    request_id = secrets.token_hex(16)
    if headers is not None:
        headers["x-amzn-requestid"] = request_id
    return request_id


def _fit_notifications() -> None:
    """Observers of the gateway tell of objects; moto's own notifications would tell twice."""
    import moto.s3.notifications  # noqa: PLC0415 - see `backends`
    import moto.settings  # noqa: PLC0415
    from moto.iam.access_control import PermissionResult  # noqa: PLC0415
    from moto.s3.models import FakeBucket, FakeKey  # noqa: PLC0415

    moto.s3.notifications.send_event = lambda *_, **__: None
    moto.s3.notifications.send_test_event = lambda *_, **__: None
    # The bucket is always in the path here; moto would look for it in the host five times.
    moto.settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = True
    # moto knows no conditions: a TLS-only bucket policy would deny everything.
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL
    # An object goes with the stores that hold it; moto would warn that a test forgot to remove it.
    FakeKey.__del__ = FakeKey.dispose
    _show_event_bridge()


def _fit_topics() -> None:
    """Functions get a topic's messages from `events.topics`; moto would look for its own Lambda."""
    from moto.sns.models import Subscription  # noqa: PLC0415 - see `backends`

    publish = Subscription.publish

    def publish_to_others(subscription: Subscription, *arguments: Any, **named: Any) -> None:
        if subscription.protocol != "lambda":
            publish(subscription, *arguments, **named)

    Subscription.publish = publish_to_others


def _show_event_bridge() -> None:
    """Moto keeps a bucket's EventBridge switch, and leaves it out when it is asked."""
    from moto.s3.responses import S3Response  # noqa: PLC0415 - see `backends`

    get_settings, serialize = S3Response.get_bucket_notification, S3Response.serialized

    def get_all_settings(response: S3Response) -> Any:
        settings = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if settings is not None and settings.event_bridge is not None:

            def serialize_all(result: Any) -> Any:
                result.result["EventBridgeConfiguration"] = {}
                return serialize(response, result)

            response.serialized = serialize_all
        return get_settings(response)

    S3Response.get_bucket_notification = get_all_settings


def _fit_queues() -> None:
    """Tell listeners of each message, whoever put it there: a client, SNS, a redrive."""
    import moto.sqs.models  # noqa: PLC0415 - see `backends`
    from moto.sqs.models import Message, Queue  # noqa: PLC0415

    add_message = Queue.add_message

    def add_and_tell(queue: Queue, message: Message) -> None:
        add_message(queue, message)
        for listener in _message_listeners:
            listener(queue.name)

    set_attributes = Queue._set_attributes

    def set_only_these(queue: Queue, attributes: dict[str, Any], now: Any = None) -> None:
        # moto would drop the queue's policy, and for a moment nobody might send.
        policy = queue.__dict__.get("_policy_json")
        set_attributes(queue, attributes, now)
        if policy is not None and "Policy" not in attributes:
            queue._policy_json = policy

    Queue.add_message = add_and_tell
    Queue._set_attributes = set_only_these
    # Sending asks for one attribute; all of them would count every message three times.
    Queue.attributes = property(QueueAttributes)
    moto.sqs.models.unix_time_millis = lambda: now() * 1000


def _fit_parameters() -> None:
    """Parameters and their tags, in a form that can be written down and read again."""
    with _without_ec2():
        from moto.ssm.models import (  # noqa: PLC0415 - see `backends`
            ParameterDict,
            SimpleSystemManagerBackend,
        )

    initialise = SimpleSystemManagerBackend.__init__

    def initialise_plainly(backend: Any, *arguments: Any, **more: Any) -> None:
        initialise(backend, *arguments, **more)
        backend._resource_tags.default_factory = _tags_of_one_type

    def reduce(found: ParameterDict) -> tuple[Any, ...]:
        made = (found.account_id, found.region_name)
        return ParameterDict, made, found.__dict__, None, iter(dict.items(found))

    SimpleSystemManagerBackend.__init__ = initialise_plainly
    ParameterDict.__reduce__ = reduce


@contextmanager
def _without_ec2() -> Iterator[None]:
    """Spare SSM the import of all of EC2 (a second), which it asks for Run Command's targets only.

    EC2 is none of our stores: there are no instances to run a command on.
    """
    stand_in: Any = ModuleType("moto.ec2")
    stand_in.ec2_backends = defaultdict(lambda: defaultdict(_NoInstances))
    before = sys.modules.get("moto.ec2")
    sys.modules["moto.ec2"] = stand_in
    try:
        yield
    finally:
        del sys.modules["moto.ec2"]
        if before is not None:
            sys.modules["moto.ec2"] = before


class _NoInstances:
    """What SSM asks of EC2."""

    def all_reservations(self, **_: Any) -> list[Any]:
        return []


def _fit_versions() -> None:
    """A bucket's keys write all their versions down; as a plain dict, only the last."""
    from moto.s3.utils import _VersionedKeyStore  # noqa: PLC0415 - see `backends`

    def reduce(found: _VersionedKeyStore) -> tuple[Any, ...]:
        return _restore_versions, (dict(dict.items(found)),)

    _VersionedKeyStore.__reduce__ = reduce


def _restore_versions(lists: dict[str, Any]) -> Any:
    from moto.s3.utils import _VersionedKeyStore  # noqa: PLC0415 - see `backends`

    found = _VersionedKeyStore()
    dict.update(found, lists)
    return found


def _tags_of_one_type() -> defaultdict[str, dict[str, str]]:
    return defaultdict(dict)


class QueueAttributes(Mapping[str, Any]):
    """A queue's attributes, each worked out when it is asked for."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._names = _names_of(queue)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        value = getattr(self._queue, _attribute(name))
        if name == "RedrivePolicy" and value:
            return json.dumps(value)
        return str(value).lower() if isinstance(value, bool) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _names_of(queue: Any) -> list[str]:
    names = list(queue.BASE_ATTRIBUTES)
    if queue.fifo_queue:
        names += queue.FIFO_ATTRIBUTES
    if queue.kms_master_key_id:
        names += queue.KMS_ATTRIBUTES
    return names


_attribute = cache(moto.core.utils.camelcase_to_underscores)
