"""What was answered before a process was killed is there after it, to the last byte and id."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.disk import FullDisk
from tests.fakes.workload import Workload
from tests.unit.mirror.described import described, differences, released
from tests.unit.mirror.lives import Life, killed, living
from windfall_local.api import Principal, ServiceError
from windfall_local.mirror.bodies import LARGE
from windfall_local.mirror.entries import Observed
from windfall_local.mirror.errors import JournalError

BODY = b"x" * LARGE


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), lives=st.lists(st.integers(1, 40), min_size=1, max_size=3))
def test_a_replay_is_what_was(
    tmp_path_factory: pytest.TempPathFactory, seed: int, lives: list[int]
) -> None:
    async def live() -> None:
        folder = tmp_path_factory.mktemp("state") / "s"
        workload = Workload(seed)
        for number, calls in enumerate(lives):
            async with living(folder) as life:
                if number == 0:
                    await life.prepare(workload)
                await life.use(workload, calls)
                before = described(life.stores)
                folder = killed(folder)
            async with living(folder) as again:
                after = described(again.stores)
                folder = killed(folder)
            assert not differences(released(before), after)

    asyncio.run(live())


async def fill(life: Life) -> None:
    """Something in every store."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    await life.call("iam", "CreateRole", RoleName="kept", AssumeRolePolicyDocument=trust)
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    await life.call("iam", "CreatePolicy", PolicyName="kept", PolicyDocument=policy)
    await life.call("logs", "CreateLogGroup", logGroupName="/kept")
    await life.call("logs", "CreateLogStream", logGroupName="/kept", logStreamName="s")
    event = {"timestamp": 1_795_000_000_000, "message": "hello"}
    names = {"logGroupName": "/kept", "logStreamName": "s"}
    await life.call("logs", "PutLogEvents", **names, logEvents=[event])
    metric = {"MetricName": "files", "Value": 1.0}
    await life.call("cloudwatch", "PutMetricData", Namespace="kept", MetricData=[metric])
    await life.call("cloudwatch", "PutDashboard", DashboardName="kept", DashboardBody="{}")
    for spec in ("SYMMETRIC_DEFAULT", "RSA_2048"):
        usage = "ENCRYPT_DECRYPT" if spec == "SYMMETRIC_DEFAULT" else "SIGN_VERIFY"
        key = await life.call("kms", "CreateKey", KeySpec=spec, KeyUsage=usage)
        key_id = key["KeyMetadata"]["KeyId"]
        await life.call("kms", "CreateAlias", AliasName=f"alias/{spec}", TargetKeyId=key_id)
    await life.call("ssm", "PutParameter", Name="/kept", Value="{}", Type="String")
    tag = {"Key": "a", "Value": "b"}
    await life.call(
        "ssm", "AddTagsToResource", ResourceType="Parameter", ResourceId="/kept", Tags=[tag]
    )
    topic = (await life.call("sns", "CreateTopic", Name="kept"))["TopicArn"]
    await life.call("sns", "Publish", TopicArn=topic, Message="m")
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = (await life.call("sqs", "CreateQueue", QueueName="kept.fifo", Attributes=fifo))[
        "QueueUrl"
    ]
    for body in ("a", "a", "b"):
        await life.call("sqs", "SendMessage", QueueUrl=url, MessageBody=body, MessageGroupId="g")
    await life.call("sqs", "ReceiveMessage", QueueUrl=url)
    await life.call("s3", "CreateBucket", Bucket="kept")
    await life.call("s3", "PutObject", Bucket="kept", Key="k", Body=BODY, Metadata={"n": "1"})
    tags = {"TagSet": [tag]}
    await life.call("s3", "PutObjectTagging", Bucket="kept", Key="k", Tagging=tags)


async def test_every_store_comes_back(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await fill(life)
        await life.call("kms", "Encrypt", KeyId="alias/SYMMETRIC_DEFAULT", Plaintext=b"secret")
        sealed = await life.call(
            "kms", "Encrypt", KeyId="alias/SYMMETRIC_DEFAULT", Plaintext=b"secret"
        )
        before = described(life.stores)
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        assert not differences(released(before), described(again.stores))
        opened = await again.call("kms", "Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
        assert opened["Plaintext"] == b"secret"


async def test_a_refusal_is_replayed_as_one(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await fill(life)
        fifo = {"FifoQueue": "true", "VisibilityTimeout": "7"}
        with pytest.raises(ServiceError, match=r"already exists"):
            await life.call("sqs", "CreateQueue", QueueName="kept.fifo", Attributes=fifo)
        with pytest.raises(ServiceError, match="NotImplemented"):
            await life.call("ssm", "CreateOpsItem", Description="d", Source="s", Title="t")
        before = described(life.stores)
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        assert not differences(released(before), described(again.stores))


async def test_looking_leaves_nothing_in_the_journal(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await fill(life)
        url = (await life.call("sqs", "CreateQueue", QueueName="empty"))["QueueUrl"]
        before = [path.stat().st_size for path in (tmp_path / "s" / "journal").iterdir()]
        await life.call("s3", "GetObject", Bucket="kept", Key="k")
        await life.call("s3", "ListBuckets")
        await life.call("sqs", "ReceiveMessage", QueueUrl=url)
        await life.call("kms", "Encrypt", KeyId="alias/SYMMETRIC_DEFAULT", Plaintext=b"x")

        assert [p.stat().st_size for p in (tmp_path / "s" / "journal").iterdir()] == before


async def test_a_large_body_is_on_the_disk_once(tmp_path: Path) -> None:
    part = b"p" * 5 * 1024**2
    async with living(tmp_path / "s") as life:
        await life.call("s3", "CreateBucket", Bucket="kept")
        target = {"Bucket": "kept", "Key": "assembled"}
        upload = await life.call("s3", "CreateMultipartUpload", **target)
        target["UploadId"] = upload["UploadId"]
        etags = []
        for number, body in enumerate((part, b"tail"), 1):
            answer = await life.call("s3", "UploadPart", **target, PartNumber=number, Body=body)
            etags.append({"PartNumber": number, "ETag": answer["ETag"]})
        assembled = {"MultipartUpload": {"Parts": etags}}
        await life.call("s3", "CompleteMultipartUpload", **target, **assembled)
        source = "kept/assembled"
        await life.call("s3", "CopyObject", Bucket="kept", Key="copy", CopySource=source)
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        await again.call("s3", "DeleteObject", Bucket="kept", Key="assembled")
        found = await again.call("s3", "GetObject", Bucket="kept", Key="copy")
        some = await again.call(
            "s3", "GetObject", Bucket="kept", Key="copy", Range=f"bytes={len(part) - 2}-"
        )

    assert found["Body"] == part + b"tail"
    assert some["Body"] == b"pptail"
    files = [path.stat().st_size for path in (folder / "bodies").iterdir()]
    assert sum(files) == len(part) + len(b"tail")
    assert sum(path.stat().st_size for path in (folder / "journal").iterdir()) < 10_000


# --- A full disk ----------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"small", BODY])
async def test_a_full_disk_is_said_and_costs_nothing_that_was_accepted(
    tmp_path: Path, body: bytes
) -> None:
    disk = FullDisk()
    async with living(tmp_path / "s", disk) as life:
        await fill(life)
        before = described(life.stores)
        disk.room = 100
        with pytest.raises(ServiceError, match=r"disk of the local cloud is full.*not accepted"):
            await life.call("s3", "PutObject", Bucket="kept", Key="new", Body=body)
        with pytest.raises(ServiceError, match="is full"):
            await life.call("kms", "CreateKey")
        assert not differences(before, described(life.stores)), "refused, so nothing has changed"

        disk.room = 10**9
        await life.call("s3", "PutObject", Bucket="kept", Key="new", Body=body)
        before = described(life.stores)
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        assert not differences(released(before), described(again.stores))


async def test_a_start_on_a_full_disk_says_so(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await life.call("s3", "CreateBucket", Bucket="kept")
    with pytest.raises(JournalError, match=r"No space left.*make room"):
        async with living(tmp_path / "s", FullDisk(10)):
            pass
    async with living(tmp_path / "s") as again:
        assert (await again.call("s3", "ListBuckets"))["Buckets"][0]["Name"] == "kept"


async def test_a_copy_that_finds_no_room_has_no_effect_in_the_next_life_either(
    tmp_path: Path,
) -> None:
    disk = FullDisk()
    async with living(tmp_path / "s", disk) as life:
        await fill(life)
        await life.call("s3", "PutObject", Bucket="kept", Key="k", Body=BODY * 2)
        target = {"Bucket": "kept", "Key": "assembled"}
        upload = await life.call("s3", "CreateMultipartUpload", **target)
        target |= {"UploadId": upload["UploadId"], "CopySource": "kept/k"}
        disk.room = LARGE  # for the entry, and not for the part's body beside it
        with pytest.raises(ServiceError, match="is full"):
            await life.call(
                *("s3", "UploadPartCopy"),
                **target,
                PartNumber=1,
                CopySourceRange=f"bytes=0-{LARGE}",
            )
        disk.room = 10**9
        await life.call("ssm", "PutParameter", Name="/later", Value="1", Type="String")
        before = described(life.stores)
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        assert not differences(released(before), described(again.stores))


# --- Observers ------------------------------------------------------------------------------------


async def test_what_the_observers_had_not_heard_of_is_known(tmp_path: Path) -> None:
    root = Principal.root()
    async with living(tmp_path / "s") as life:
        await life.call("s3", "CreateBucket", Bucket="kept")
        for name in ("heard", "unheard", "refused"):
            asked: dict[str, Any] = {"Bucket": "kept", "Key": name, "Body": BODY}
            if name == "refused":
                asked["Bucket"] = "nowhere"
            observed = Observed(name, root)
            try:
                await life.stores.call("s3", "PutObject", asked, observed)
            except ServiceError:
                assert name == "refused"
        life.stores.told(Observed("heard", root))
        assert set(life.mirror.untold) == {"unheard"}
        folder = killed(tmp_path / "s")
    async with living(folder) as again:
        ((request, response),) = again.mirror.untold.values()
        assert again.mirror.with_body(request).http.body == BODY
        assert response.status == 200


async def test_a_body_that_a_power_cut_took_costs_its_object_only(tmp_path: Path) -> None:
    async with living(tmp_path / "s") as life:
        await fill(life)
        folder = killed(tmp_path / "s")
    for path in (folder / "bodies").iterdir():
        path.unlink()
    async with living(folder) as again:
        found = await again.call("s3", "ListObjectsV2", Bucket="kept")
        assert "Contents" not in found
        assert (await again.call("ssm", "GetParameter", Name="/kept"))["Parameter"]["Value"] == "{}"
