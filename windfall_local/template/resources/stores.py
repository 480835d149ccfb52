"""The smaller ones: log groups, SSM parameters, KMS keys, SNS topics."""

from __future__ import annotations

from typing import Any, ClassVar

from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Properties,
    Shape,
    Wanted,
    as_text,
    document,
    pick,
    tag_map,
)


class LogGroup:
    """A log group."""

    type = "AWS::Logs::LogGroup"
    attributes = frozenset({"Arn"})
    honours: ClassVar[Shape] = {
        "LogGroupName": ANY,
        "RetentionInDays": ANY,
        "KmsKeyId": ANY,
        "LogGroupClass": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it if it is missing; set its retention."""
        properties = wanted.properties
        name = properties.get("LogGroupName") or wanted.name
        parameters: Properties = {}
        if "KmsKeyId" in properties:
            parameters["kmsKeyId"] = properties["KmsKeyId"]
        if "LogGroupClass" in properties:
            parameters["logGroupClass"] = properties["LogGroupClass"]
        await calls.find(
            "logs",
            "CreateLogGroup",
            "ResourceAlreadyExists",
            logGroupName=name,
            tags=tag_map(properties),
            **parameters,
        )
        if "RetentionInDays" in properties:
            days = int(properties["RetentionInDays"])
            await calls("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=days)
        return Made(name, {"Arn": calls.arn("logs", f"log-group:{name}:*")})


class Parameter:
    """An SSM parameter; what the user changed since stays, until the template changes it."""

    type = "AWS::SSM::Parameter"
    attributes = frozenset({"Type", "Value"})
    honours: ClassVar[Shape] = {
        "Name": ANY,
        "Type": ANY,
        "Value": ANY,
        "Description": ANY,
        "AllowedPattern": ANY,
        "Tier": ANY,
        "DataType": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Put it."""
        properties = wanted.properties
        name = properties.get("Name") or wanted.name
        found = await calls.find("ssm", "GetParameter", "ParameterNotFound", Name=name)
        if found is None or not wanted.unchanged:
            parameters = pick(
                properties, "Type", "Value", "Description", "AllowedPattern", "Tier", "DataType"
            )
            await calls("ssm", "PutParameter", Name=name, Overwrite=True, **parameters)
        return Made(name, pick(properties, "Type", "Value"))


class Key:
    """A KMS key."""

    type = "AWS::KMS::Key"
    attributes = frozenset({"Arn", "KeyId"})
    honours: ClassVar[Shape] = {
        "Description": ANY,
        "KeyPolicy": ANY,
        "KeySpec": ANY,
        "KeyUsage": ANY,
        "EnableKeyRotation": ANY,
        "PendingWindowInDays": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, unless a former run did."""
        properties = wanted.properties
        policy = document(properties["KeyPolicy"]) if "KeyPolicy" in properties else None
        found = None
        if wanted.previous is not None:
            identifier = wanted.previous.physical_id
            found = await calls.find("kms", "DescribeKey", "NotFound", KeyId=identifier)
        if found is None:
            tags = tag_map(properties) or {}
            found = await calls(
                "kms",
                "CreateKey",
                Policy=policy,
                Tags=[{"TagKey": key, "TagValue": value} for key, value in tags.items()] or None,
                **pick(properties, "Description", "KeySpec", "KeyUsage"),
            )
        elif policy is not None:
            identifier = found["KeyMetadata"]["KeyId"]
            await calls(
                "kms", "PutKeyPolicy", KeyId=identifier, PolicyName="default", Policy=policy
            )
        key = found["KeyMetadata"]
        if properties.get("EnableKeyRotation"):
            await calls("kms", "EnableKeyRotation", KeyId=key["KeyId"])
        return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


class Alias:
    """A name for a KMS key."""

    type = "AWS::KMS::Alias"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {"AliasName": ANY, "TargetKeyId": ANY}

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or point it at the key."""
        name, key = wanted.properties["AliasName"], wanted.properties["TargetKeyId"]
        created = await calls.find(
            "kms", "CreateAlias", "AlreadyExists", AliasName=name, TargetKeyId=key
        )
        if created is None:
            await calls("kms", "UpdateAlias", AliasName=name, TargetKeyId=key)
        return Made(name)


_TOPIC_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
)
_SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
)


class Topic:
    """An SNS topic."""

    type = "AWS::SNS::Topic"
    attributes = frozenset({"TopicArn", "TopicName"})
    honours: ClassVar[Shape] = {"TopicName": ANY, "Tags": ANY} | dict.fromkeys(
        _TOPIC_ATTRIBUTES, ANY
    )

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it (SNS returns the one that is there) and set its attributes."""
        properties = wanted.properties
        fifo = as_text(properties.get("FifoTopic", False)).lower() == "true"
        name = properties.get("TopicName") or wanted.name + (".fifo" if fifo else "")
        values = {one: as_text(properties[one]) for one in _TOPIC_ATTRIBUTES if one in properties}
        tags: list[dict[str, Any]] | None = properties.get("Tags")
        await calls("sns", "CreateTopic", Name=name, Attributes=values or None, Tags=tags)
        arn = calls.arn("sns", name)
        return Made(arn, {"TopicArn": arn, "TopicName": name})


class TopicPolicy:
    """One policy for several topics."""

    type = "AWS::SNS::TopicPolicy"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {"Topics": ANY, "PolicyDocument": ANY}

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Set it on each of them."""
        policy = document(wanted.properties["PolicyDocument"])
        for arn in wanted.properties["Topics"]:
            await calls(
                "sns",
                "SetTopicAttributes",
                TopicArn=arn,
                AttributeName="Policy",
                AttributeValue=policy,
            )
        return Made(wanted.name)


class Subscription:
    """A subscription to a topic."""

    type = "AWS::SNS::Subscription"
    attributes = frozenset({"Arn"})
    honours: ClassVar[Shape] = {"TopicArn": ANY, "Protocol": ANY, "Endpoint": ANY} | dict.fromkeys(
        _SUBSCRIPTION_ATTRIBUTES, ANY
    )

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Subscribe (SNS returns the subscription that is there) and set its attributes."""
        properties = wanted.properties
        values = {
            one: as_text(properties[one]) for one in _SUBSCRIPTION_ATTRIBUTES if one in properties
        }
        answer = await calls(
            "sns",
            "Subscribe",
            ReturnSubscriptionArn=True,
            **pick(properties, "TopicArn", "Protocol", "Endpoint"),
        )
        arn = answer["SubscriptionArn"]
        for name, value in values.items():
            await calls(
                "sns",
                "SetSubscriptionAttributes",
                SubscriptionArn=arn,
                AttributeName=name,
                AttributeValue=value,
            )
        return Made(arn, {"Arn": arn})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Unsubscribe."""
        await calls.find("sns", "Unsubscribe", "NotFound", SubscriptionArn=made.physical_id)


KINDS = (LogGroup(), Parameter(), Key(), Alias(), Topic(), TopicPolicy(), Subscription())
