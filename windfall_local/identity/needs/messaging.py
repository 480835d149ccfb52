"""Amazon SQS, Amazon SNS and Amazon EventBridge."""

from __future__ import annotations

from typing import Any

from windfall_local.identity.needs.need import Need, Scene, key, pass_role

# --- SQS ----------------------------------------------------------------------------------------

_SQS_BATCHES = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
}
_SQS_BY_URL = frozenset(
    {
        "AddPermission",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteQueue",
        "GetQueueAttributes",
        "ListDeadLetterSourceQueues",
        "ListQueueTags",
        "PurgeQueue",
        "ReceiveMessage",
        "RemovePermission",
        "SendMessage",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
    }
)


def sqs_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of an SQS operation."""
    action = _SQS_BATCHES.get(operation, operation)
    if action in _SQS_BY_URL:
        queue = parameters.get("QueueUrl", "").rpartition("/")[2]
    elif action in ("CreateQueue", "GetQueueUrl"):
        queue = parameters["QueueName"]
    elif action == "StartMessageMoveTask":
        return [Need("sqs:StartMessageMoveTask", parameters["SourceArn"])]
    elif action == "ListQueues":
        return [Need("sqs:ListQueues")]
    else:
        return None
    return [Need(f"sqs:{action}", scene.arn("sqs", queue))]


# --- SNS ----------------------------------------------------------------------------------------

_SNS_BY_TOPIC = frozenset(
    {
        "AddPermission",
        "ConfirmSubscription",
        "DeleteTopic",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "Publish",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    }
)
_SNS_BY_SUBSCRIPTION = frozenset(
    {"GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"}
)


def sns_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of an SNS operation."""
    action = "Publish" if operation == "PublishBatch" else operation
    if action in _SNS_BY_TOPIC:
        topic = parameters.get("TopicArn") or parameters.get("TargetArn") or "*"
        keys = key("sns:Protocol", parameters.get("Protocol"))
        return [
            Need(f"sns:{action}", topic, keys | key("sns:Endpoint", parameters.get("Endpoint")))
        ]
    if action in _SNS_BY_SUBSCRIPTION:
        topic = parameters["SubscriptionArn"].rpartition(":")[0]
        return [Need(f"sns:{action}", topic)]
    if action == "CreateTopic":
        return [Need("sns:CreateTopic", scene.arn("sns", parameters["Name"]))]
    if action in ("ListTopics", "ListSubscriptions"):
        return [Need(f"sns:{action}")]
    if action in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Need(f"sns:{action}", parameters["ResourceArn"])]
    return None


# --- EventBridge --------------------------------------------------------------------------------

_RULE_OPERATIONS = frozenset(
    {
        "DeleteRule",
        "DescribeRule",
        "DisableRule",
        "EnableRule",
        "ListTargetsByRule",
        "PutRule",
        "PutTargets",
        "RemoveTargets",
    }
)
_BUS_OPERATIONS = {
    "CreateEventBus": "Name",
    "DeleteEventBus": "Name",
    "DescribeEventBus": "Name",
    "UpdateEventBus": "Name",
    "PutPermission": "EventBusName",
    "RemovePermission": "EventBusName",
}
_ARCHIVE_OPERATIONS = frozenset(
    {"CreateArchive", "DeleteArchive", "DescribeArchive", "UpdateArchive"}
)
_REPLAY_OPERATIONS = frozenset({"CancelReplay", "DescribeReplay", "StartReplay"})
_LISTS = frozenset(
    {"ListArchives", "ListEventBuses", "ListReplays", "ListRuleNamesByTarget", "TestEventPattern"}
)


def events_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of an EventBridge operation."""
    if operation == "PutEvents":
        return [_event(entry, scene) for entry in parameters.get("Entries", [])]
    if operation in _RULE_OPERATIONS:
        return _rule(operation, parameters, scene)
    if operation == "ListRules":
        return [Need("events:ListRules", scene.arn("events", "rule/*"))]
    if operation in _BUS_OPERATIONS:
        name = parameters.get(_BUS_OPERATIONS[operation]) or "default"
        return [Need(f"events:{operation}", _bus(name, scene))]
    if operation in _ARCHIVE_OPERATIONS:
        arn = scene.arn("events", f"archive/{parameters['ArchiveName']}")
        return [Need(f"events:{operation}", arn)]
    if operation in _REPLAY_OPERATIONS:
        arn = scene.arn("events", f"replay/{parameters['ReplayName']}")
        return [Need(f"events:{operation}", arn)]
    if operation in _LISTS:
        return [Need(f"events:{operation}")]
    if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Need(f"events:{operation}", parameters["ResourceARN"])]
    return None


def _bus(name: str, scene: Scene) -> str:
    return scene.arn("events", name if name.startswith("arn:") else f"event-bus/{name}")


def _event(entry: dict[str, Any], scene: Scene) -> Need:
    keys = key("events:source", entry.get("Source")) | key(
        "events:detail-type", entry.get("DetailType")
    )
    return Need("events:PutEvents", _bus(entry.get("EventBusName") or "default", scene), keys)


def _rule(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need]:
    bus = (parameters.get("EventBusName") or "default").rpartition("event-bus/")[2]
    name = parameters.get("Name") or parameters.get("Rule") or ""
    path = name if bus == "default" else f"{bus}/{name}"
    targets = parameters.get("Targets", [])
    target_arns = [target["Arn"] for target in targets if "Arn" in target]
    found = [
        Need(
            f"events:{operation}",
            scene.arn("events", f"rule/{path}"),
            key("events:TargetArn", target_arns) if target_arns else {},
        )
    ]
    for role in [parameters.get("RoleArn"), *(target.get("RoleArn") for target in targets)]:
        found += pass_role(role, "events.amazonaws.com")
    return found
