"""S3 through the gateway, as boto3 and the AWS SDKs use it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import uuid
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from windfall_local.cloud import LocalCloud


@pytest.fixture
def s3(client: Any) -> Any:
    return client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize(
    "key",
    [
        "plain.txt",
        "with spaces/and+plus.txt",
        "up/../and/./down//slashes",
        "/leading/slash",
        "trailing/",
        "ünïcödé/日本語/🙂.txt",
        "signs/!*'();:@&=$,?#[]%25.txt",
        "a" * 1024,
    ],
)
def test_any_key_reads_back_what_was_written(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_metadata_and_content_type_come_back(s3: Any, bucket: str) -> None:
    metadata = {"windfall-profile": "receipts", "under_score": "kept"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata=metadata, ContentType="text/plain")

    head = s3.head_object(Bucket=bucket, Key="k")

    assert head["Metadata"] == metadata
    assert head["ContentType"] == "text/plain"
    assert head["ContentLength"] == 1


def test_a_form_as_an_object_stays_an_object(s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket,
        Key="form",
        Body=b"Action=DeleteEverything&a=1",
        ContentType="application/x-www-form-urlencoded",
    )

    assert s3.get_object(Bucket=bucket, Key="form")["Body"].read() == b"Action=DeleteEverything&a=1"


def test_versions_of_a_key_are_all_kept(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"two")["VersionId"]

    assert first != second
    old = s3.get_object(Bucket=bucket, Key="k", VersionId=first)
    assert old["Body"].read() == b"one"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"two"
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert {version["VersionId"] for version in versions} == {first, second}


def test_if_none_match_keeps_what_is_there(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")

    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


def test_a_range_is_a_part_of_the_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")

    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=2-4")

    assert part["Body"].read() == b"234"
    assert part["ContentRange"] == "bytes 2-4/10"
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=99990-", 99_990, 99_999),
        ("bytes=-5", 99_995, 99_999),
        ("bytes=99998-200000", 99_998, 99_999),
        ("bytes=7-3", 0, 99_999),
    ],
)
def test_every_form_of_a_range_of_an_object_in_a_file(
    s3: Any, bucket: str, wanted: str, first: int, last: int
) -> None:
    content = b"".join(b"%09d\n" % number for number in range(10_000))
    s3.put_object(Bucket=bucket, Key="large", Body=content)

    found = s3.get_object(Bucket=bucket, Key="large", Range=wanted)

    assert found["Body"].read() == content[first : last + 1]
    assert found["ContentLength"] == last + 1 - first
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=bucket, Key="large", Range="bytes=100000-")


def test_an_upload_in_parts_becomes_one_object(s3: Any, bucket: str) -> None:
    parts = [b"a" * 5 * 1024**2, b"b" * 1000]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    done = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(
                Bucket=bucket, Key="big", UploadId=upload, PartNumber=number, Body=part
            )["ETag"],
        }
        for number, part in enumerate(parts, 1)
    ]

    s3.complete_multipart_upload(
        Bucket=bucket, Key="big", UploadId=upload, MultipartUpload={"Parts": done}
    )

    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == b"".join(parts)


def test_an_upload_of_wrong_parts_is_refused_and_can_go_on(s3: Any, bucket: str) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="big")
    place = {"Bucket": bucket, "Key": "big", "UploadId": begun["UploadId"]}
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**place, PartNumber=number, Body=b"x")["ETag"],
        }
        for number in (1, 2)
    ]
    for asked, code in (
        ([{"PartNumber": 3, "ETag": parts[0]["ETag"]}], "InvalidPart"),
        ([{**parts[0], "ETag": "0" * 32}], "InvalidPart"),
        (parts, "EntityTooSmall"),
    ):
        with pytest.raises(ClientError, match=code):
            s3.complete_multipart_upload(**place, MultipartUpload={"Parts": asked})

    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts[1:]})
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == b"x"


def test_a_copy_has_the_content_and_other_metadata(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from ü", Body=b"content", Metadata={"a": "1"})

    s3.copy_object(
        Bucket=bucket,
        Key="to",
        CopySource={"Bucket": bucket, "Key": "from ü"},
        Metadata={"b": "2"},
        MetadataDirective="REPLACE",
    )

    copy = s3.get_object(Bucket=bucket, Key="to")
    assert (copy["Body"].read(), copy["Metadata"]) == (b"content", {"b": "2"})


def test_many_objects_are_deleted_at_once(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})

    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]


def test_a_listing_goes_on_where_it_stopped(s3: Any, bucket: str) -> None:
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"in/{number}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="in/", PaginationConfig={"PageSize": 2}
    )

    assert [item["Key"] for page in pages for item in page["Contents"]] == [
        f"in/{number}" for number in range(5)
    ]


def test_a_presigned_url_needs_no_keys(cloud: LocalCloud, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b", Body=b"shared")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b"})

    assert _get(cloud, url) == (200, b"shared")
    status, body = _get(cloud, url + "x")
    assert status == 403
    assert b"SignatureDoesNotMatch" in body


def test_an_anonymous_request_is_refused(cloud: LocalCloud, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret")

    status, body = _get(cloud, f"{cloud.endpoint}/{bucket}/k")

    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body


LARGE = bytes(range(256)) * 12_000
"""A content that goes to its file as it comes."""


def bodies_of(cloud: LocalCloud) -> set[Path]:
    """The files of bodies; what nobody has any more is removed at some time."""
    return set(cloud.data_dir.rglob("bodies/*"))


@pytest.mark.parametrize("content", [b"chunked content", LARGE])
def test_a_body_in_chunks_with_a_checksum_behind_it(
    cloud: LocalCloud, s3: Any, bucket: str, content: bytes
) -> None:
    checksum = base64.b64encode(zlib.crc32(content).to_bytes(4, "big"))
    body = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(content), content, checksum)
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(content)),
        "x-amz-trailer": "x-amz-checksum-crc32",
        "content-encoding": "aws-chunked",
    }

    assert _put(cloud, f"/{bucket}/k", body, headers)[0] == 200
    stored = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert stored["Body"].read() == content
    assert stored.get("ContentEncoding") is None
    before = bodies_of(cloud)
    status, answer = _put(cloud, f"/{bucket}/k", body.replace(checksum, b"AAAAAA=="), headers)
    assert (status, b"BadDigest" in answer) == (400, True)
    assert bodies_of(cloud) <= before, "nothing is left of what was refused"


@pytest.mark.parametrize("forged", [b"forged", LARGE])
def test_another_body_than_the_signed_one_is_refused(
    cloud: LocalCloud, s3: Any, bucket: str, forged: bytes
) -> None:
    digest, before = sha256(b"signed").hexdigest(), bodies_of(cloud)

    status, body = _put(cloud, f"/{bucket}/k", forged, {"x-amz-content-sha256": digest})

    assert status == 400
    assert bodies_of(cloud) <= before
    assert b"XAmzContentSHA256Mismatch" in body


def test_a_large_object_comes_back_whole(s3: Any, bucket: str) -> None:
    etag = f'"{md5(LARGE).hexdigest()}"'

    put = s3.put_object(Bucket=bucket, Key="large", Body=LARGE, ContentType="text/plain")

    found = s3.get_object(Bucket=bucket, Key="large")
    assert found["Body"].read() == LARGE
    assert (put["ETag"], found["ETag"], found["ContentLength"]) == (etag, etag, len(LARGE))
    assert found["ContentType"] == "text/plain"
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == len(LARGE)
    tail = s3.get_object(Bucket=bucket, Key="large", Range="bytes=-5")
    assert tail["Body"].read() == LARGE[-5:]


def test_a_large_object_is_no_longer_there_and_is_still_read(
    cloud: LocalCloud, s3: Any, bucket: str
) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=LARGE)["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE[::-1])
    body = s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first)

    assert body.read() == LARGE
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == LARGE[::-1]


def test_a_large_object_for_a_bucket_that_is_not_there_is_refused(s3: Any) -> None:
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.put_object(Bucket=f"no-{uuid.uuid4()}", Key="k", Body=LARGE)


def test_a_copy_of_an_upload_in_parts_is_one_piece(cloud: LocalCloud, s3: Any, bucket: str) -> None:
    content = LARGE * 2
    halves = [content[: 5 * 1024**2], content[5 * 1024**2 :]]
    begun = s3.create_multipart_upload(Bucket=bucket, Key="parts", ChecksumAlgorithm="SHA256")
    place = {"Bucket": bucket, "Key": "parts", "UploadId": begun["UploadId"]}
    done = []
    for number, half in enumerate(halves, 1):
        part = s3.upload_part(**place, PartNumber=number, Body=half, ChecksumAlgorithm="SHA256")
        done.append({"PartNumber": number, "ETag": part["ETag"]})
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": done})
    before = bodies_of(cloud)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "parts"})

    sums = b"".join(md5(half).digest() for half in halves)
    parts = s3.get_object(Bucket=bucket, Key="parts", ChecksumMode="ENABLED")
    assert parts["ETag"] == f'"{md5(sums).hexdigest()}-2"'
    of_parts = b64(sha256(b"".join(sha256(half).digest() for half in halves)).digest())
    assert parts["ChecksumSHA256"] == f"{of_parts}-2"
    copy = s3.get_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert copy["Body"].read() == parts["Body"].read() == content
    assert copy["ETag"] == f'"{md5(content).hexdigest()}"'
    assert copy["ChecksumSHA256"] == b64(sha256(content).digest())
    assert bodies_of(cloud) <= before, "a copy shares the files"


@pytest.mark.parametrize("asked", ["bytes=2-1000000", None])
def test_a_part_is_copied_out_of_a_large_object(s3: Any, bucket: str, asked: str | None) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=LARGE)
    begun = s3.create_multipart_upload(Bucket=bucket, Key="to")
    place = {"Bucket": bucket, "Key": "to", "UploadId": begun["UploadId"]}
    part = s3.upload_part_copy(
        **place,
        PartNumber=1,
        CopySource={"Bucket": bucket, "Key": "from"},
        **({"CopySourceRange": asked} if asked else {}),
    )["CopyPartResult"]
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})

    expected = LARGE[2:1_000_001] if asked else LARGE
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == expected


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def md5(data: bytes) -> Any:
    return hashlib.md5(data, usedforsecurity=False)


def test_a_missing_key_has_the_codes_of_aws(s3: Any, bucket: str) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="nowhere")
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="nowhere")
    assert caught.value.response["Error"]["Code"] == "404"


def _get(cloud: LocalCloud, url: str) -> tuple[int, bytes]:
    return _send(cloud, "GET", url.removeprefix(cloud.endpoint), b"", {})


def _put(cloud: LocalCloud, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """A signed PUT whose body is sent as it is."""
    request = AWSRequest("PUT", cloud.endpoint + path, headers=headers)
    keys = cloud.keys.root
    signer = _DeclaredPayload(Credentials(keys.access_key, keys.secret_key), "s3", cloud.region)
    signer.add_auth(request)
    return _send(cloud, "PUT", path, body, dict(request.headers.items()))


class _DeclaredPayload(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """Signs the payload hash that the request declares, as an SDK that streams does."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.headers["x-amz-content-sha256"])

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        declared = request.headers["x-amz-content-sha256"]
        super()._modify_request_before_signing(request)
        del request.headers["x-amz-content-sha256"]
        request.headers["x-amz-content-sha256"] = declared


def _send(
    cloud: LocalCloud, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"))
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
