"""Amazon S3."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from windfall_local.identity.needs.need import Need, Scene, key

_BUCKET_ACTIONS = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketVersioning": "GetBucketVersioning",
    "PutBucketVersioning": "PutBucketVersioning",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketPolicyStatus": "GetBucketPolicyStatus",
    "PutBucketPolicy": "PutBucketPolicy",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketTagging": "GetBucketTagging",
    "PutBucketTagging": "PutBucketTagging",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketAcl": "GetBucketAcl",
    "PutBucketAcl": "PutBucketAcl",
    "GetBucketLogging": "GetBucketLogging",
    "PutBucketLogging": "PutBucketLogging",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}

_OBJECT_ACTIONS = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "DeleteObject": "DeleteObject",
    "GetObjectTagging": "GetObjectTagging",
    "PutObjectTagging": "PutObjectTagging",
    "DeleteObjectTagging": "DeleteObjectTagging",
    "GetObjectAcl": "GetObjectAcl",
    "PutObjectAcl": "PutObjectAcl",
}
"""Each with a twin for a given version: GetObject is GetObjectVersion with a VersionId."""

_VERSION_ACTIONS = {
    "GetObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "GetObjectAcl": "GetObjectVersionAcl",
    "PutObjectAcl": "PutObjectVersionAcl",
}

_PLAIN_OBJECT_ACTIONS = {
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
    "GetObjectRetention": "GetObjectRetention",
    "PutObjectRetention": "PutObjectRetention",
    "GetObjectLegalHold": "GetObjectLegalHold",
    "PutObjectLegalHold": "PutObjectLegalHold",
    "RestoreObject": "RestoreObject",
}

_REQUEST_KEYS = {
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "VersionId": "s3:VersionId",
    "ACL": "s3:x-amz-acl",
    "StorageClass": "s3:x-amz-storage-class",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "CopySource": "s3:x-amz-copy-source",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
}


def needs(operation: str, parameters: dict[str, Any], _: Scene) -> list[Need] | None:
    """The permissions of an S3 operation."""
    if operation == "ListBuckets":
        return [Need("s3:ListAllMyBuckets")]
    bucket = f"arn:aws:s3:::{parameters.get('Bucket', '')}"
    keys = _keys(parameters)
    if operation in _BUCKET_ACTIONS:
        return [Need(f"s3:{_BUCKET_ACTIONS[operation]}", bucket, keys)]
    if operation == "DeleteObjects":
        return [
            _object("DeleteObject", bucket, entry, keys)
            for entry in parameters.get("Delete", {}).get("Objects", [])
        ] or [Need("s3:DeleteObject", f"{bucket}/*", keys)]
    if operation in _OBJECT_ACTIONS:
        return [_object(_OBJECT_ACTIONS[operation], bucket, parameters, keys)]
    thing = f"{bucket}/{parameters.get('Key', '')}"
    if operation in _PLAIN_OBJECT_ACTIONS:
        return [Need(f"s3:{_PLAIN_OBJECT_ACTIONS[operation]}", thing, keys)]
    if operation in ("PutObject", "CreateMultipartUpload"):
        return _put(thing, parameters, keys)
    if operation in ("CopyObject", "UploadPartCopy"):
        return [_source(parameters["CopySource"], keys), *_put(thing, parameters, keys)]
    if operation == "GetObjectAttributes":
        read = _object("GetObject", bucket, parameters, keys)
        suffix = "VersionAttributes" if parameters.get("VersionId") else "Attributes"
        return [read, Need(f"s3:GetObject{suffix}", thing, keys)]
    return None


def _keys(parameters: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    for name, condition_key in _REQUEST_KEYS.items():
        value = parameters.get(name)
        if value is not None and not isinstance(value, dict):
            keys |= key(condition_key, value)
    return keys


def _object(
    action: str, bucket: str, parameters: dict[str, Any], keys: dict[str, tuple[str, ...]]
) -> Need:
    if parameters.get("VersionId"):
        action = _VERSION_ACTIONS[action]
    return Need(f"s3:{action}", f"{bucket}/{parameters['Key']}", keys)


def _put(thing: str, parameters: dict[str, Any], keys: dict[str, tuple[str, ...]]) -> list[Need]:
    found = [Need("s3:PutObject", thing, keys)]
    if parameters.get("Tagging"):
        found.append(Need("s3:PutObjectTagging", thing, keys))
    if parameters.get("ACL") not in (None, "private", "bucket-owner-full-control"):
        found.append(Need("s3:PutObjectAcl", thing, keys))
    return found


def _source(source: str | dict[str, str], keys: dict[str, tuple[str, ...]]) -> Need:
    if isinstance(source, dict):
        bucket, name, version = source["Bucket"], source["Key"], source.get("VersionId")
    else:
        path, _, version = source.lstrip("/").partition("?versionId=")
        bucket, _, name = unquote(path).partition("/")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    return Need(action, f"arn:aws:s3:::{bucket}/{name}", keys)
