"""S3 buckets and their policies."""

from __future__ import annotations

from typing import Any, ClassVar

from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Properties,
    Shape,
    Wanted,
    document,
    pick,
)

_RULE: Shape = {
    "Id": ANY,
    "Status": ANY,
    "Prefix": ANY,
    "TagFilters": ANY,
    "ObjectSizeGreaterThan": ANY,
    "ObjectSizeLessThan": ANY,
    "ExpirationInDays": ANY,
    "ExpiredObjectDeleteMarker": ANY,
    "NoncurrentVersionExpiration": {"NoncurrentDays": ANY, "NewerNoncurrentVersions": ANY},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ANY},
}


class Bucket:
    """A bucket with everything that is set on it."""

    type = "AWS::S3::Bucket"
    attributes = frozenset({"Arn", "DomainName", "RegionalDomainName"})
    honours: ClassVar[Shape] = {
        "BucketName": ANY,
        "VersioningConfiguration": {"Status": ANY},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": {
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": ANY, "KMSMasterKeyID": ANY},
                "BucketKeyEnabled": ANY,
            }
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": ANY,
            "BlockPublicPolicy": ANY,
            "IgnorePublicAcls": ANY,
            "RestrictPublicBuckets": ANY,
        },
        "OwnershipControls": {"Rules": {"ObjectOwnership": ANY}},
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": ANY}},
        "LifecycleConfiguration": {"Rules": _RULE},
        "CorsConfiguration": {
            "CorsRules": {
                "AllowedHeaders": ANY,
                "AllowedMethods": ANY,
                "AllowedOrigins": ANY,
                "ExposedHeaders": ANY,
                "Id": ANY,
                "MaxAge": ANY,
            }
        },
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create the bucket, or set what is set on it."""
        name = wanted.properties.get("BucketName") or wanted.name.lower()
        if await calls.find("s3", "HeadBucket", "404", "NoSuchBucket", Bucket=name) is None:
            place = None
            if calls.region != "us-east-1":
                place = {"LocationConstraint": calls.region}
            await calls("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration=place)
        for operation, parameters in _settings(wanted.properties):
            await calls("s3", operation, Bucket=name, **parameters)
        return Made(
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{calls.region}.amazonaws.com",
            },
        )


def _settings(properties: Properties) -> list[tuple[str, dict[str, Any]]]:
    """The calls that set what the properties say."""
    settings: list[tuple[str, dict[str, Any]]] = []
    if versioning := properties.get("VersioningConfiguration"):
        settings.append(("PutBucketVersioning", {"VersioningConfiguration": versioning}))
    if encryption := properties.get("BucketEncryption"):
        rules = [
            {
                "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                **pick(rule, "BucketKeyEnabled"),
            }
            for rule in encryption["ServerSideEncryptionConfiguration"]
        ]
        settings.append(
            ("PutBucketEncryption", {"ServerSideEncryptionConfiguration": {"Rules": rules}})
        )
    if block := properties.get("PublicAccessBlockConfiguration"):
        settings.append(("PutPublicAccessBlock", {"PublicAccessBlockConfiguration": block}))
    if ownership := properties.get("OwnershipControls"):
        settings.append(("PutBucketOwnershipControls", {"OwnershipControls": ownership}))
    if "NotificationConfiguration" in properties:
        switch = properties["NotificationConfiguration"].get("EventBridgeConfiguration")
        enabled = switch is not None and str(switch.get("EventBridgeEnabled", True)) in _TRUE
        notification: dict[str, Any] = {"EventBridgeConfiguration": {}} if enabled else {}
        settings.append(
            (
                "PutBucketNotificationConfiguration",
                {"NotificationConfiguration": notification},
            )
        )
    if lifecycle := properties.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]
        settings.append(
            ("PutBucketLifecycleConfiguration", {"LifecycleConfiguration": {"Rules": rules}})
        )
    if cors := properties.get("CorsConfiguration"):
        rules = [_cors_rule(rule) for rule in cors["CorsRules"]]
        settings.append(("PutBucketCors", {"CORSConfiguration": {"CORSRules": rules}}))
    if tags := properties.get("Tags"):
        settings.append(("PutBucketTagging", {"Tagging": {"TagSet": tags}}))
    return settings


_TRUE = {"True", "true"}


def _cors_rule(rule: Properties) -> Properties:
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return {names.get(name, name): value for name, value in rule.items()}


def _lifecycle_rule(rule: Properties) -> Properties:
    terms = [{"Prefix": rule["Prefix"]}] if "Prefix" in rule else []
    terms += [{"Tag": tag} for tag in rule.get("TagFilters", [])]
    terms += [
        {name: int(rule[name])}
        for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
        if name in rule
    ]
    expiration = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"]
    return {
        **({"ID": rule["Id"]} if "Id" in rule else {}),
        "Status": rule["Status"],
        "Filter": _filter(terms),
        **({"Expiration": expiration} if expiration else {}),
        **pick(rule, "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"),
    }


def _filter(terms: list[dict[str, Any]]) -> dict[str, Any]:
    if len(terms) <= 1:
        return terms[0] if terms else {"Prefix": ""}
    both: dict[str, Any] = {}
    for term in terms:
        if "Tag" in term:
            both.setdefault("Tags", []).append(term["Tag"])
        else:
            both |= term
    return {"And": both}


class BucketPolicy:
    """The policy of a bucket."""

    type = "AWS::S3::BucketPolicy"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {"Bucket": ANY, "PolicyDocument": ANY}

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Set it."""
        bucket = wanted.properties["Bucket"]
        policy = document(wanted.properties["PolicyDocument"])
        await calls("s3", "PutBucketPolicy", Bucket=bucket, Policy=policy)
        return Made(bucket)


KINDS = (Bucket(), BucketPolicy())
