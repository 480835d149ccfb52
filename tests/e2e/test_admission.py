"""What becomes of files before anything is paid for: identity, rejection, profiles, names."""

from __future__ import annotations

import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
from PIL import Image

from tests.e2e.deployment import Deployment, unique, until
from tests.e2e.listener import Listener
from tests.e2e.schemas import schema

pytestmark = pytest.mark.timeout(900)


def png(side: int = 96) -> bytes:
    """A small picture, never the same."""
    file = io.BytesIO()
    Image.frombytes("RGB", (4, 4), uuid.uuid4().bytes * 3).resize((side, side)).save(file, "PNG")
    return file.getvalue()


ODD_KEYS = [
    "with spaces and  two.txt",
    "a+b%2Bc%20d&e=f?g#h.txt",
    "ünïcödé/写真/😀 e\u0301.txt",
    "../../etc/passwd",
    "./a/../b//c/.",
    "quotes'\"<>|\\`$(id).txt",
    "line\nbreak\tand tab.txt",
    "x" * 1020 + ".txt",
    "é" * 510 + ".txt",
]


def test_keys_may_look_like_anything(deployment: Deployment, listener: Listener) -> None:
    dropped = [deployment.drop_cheap(key, unique()) for key in ODD_KEYS]

    for file, manifest in zip(dropped, deployment.wait(*dropped), strict=True):
        assert (manifest.key, manifest.status) == (file.key, "analyzed")
        assert listener.of_file(file, "FileAnalyzed")["detail"]["key"] == file.key


def test_a_file_is_what_its_bytes_are(deployment: Deployment) -> None:
    picture = deployment.drop("picture.txt", png(), features="properties")
    text = deployment.drop_cheap("text.png", unique())
    assert [manifest.format for manifest in deployment.wait(picture, text)] == ["png", "txt"]


@pytest.mark.parametrize(
    ("key", "body", "reason"),
    [
        ("empty.txt", b"", "The file is empty."),
        ("cut.png", png()[:-40], "The image is broken or cut off (PNG)."),
        ("archive.zip", b"PK\x05\x06" + bytes(18), "The file is an archive"),
        ("cut.mp3", b"ID3\x03\0" + bytes(500), "The recording is broken or cut off (MP3)"),
        ("program", b"\x7fELF\x02\x01\x01" + bytes(500), "The file is a program"),
        ("noise.jpg", bytes(range(256)) * 8, "no image, recording or text that can be read"),
        ("dot.png", png(8), "The image is too small: 8 x 8 pixels"),
    ],
)
def test_what_no_service_takes_is_rejected_with_a_reason(
    deployment: Deployment, listener: Listener, key: str, body: bytes, reason: str
) -> None:
    file = deployment.drop(key, body)
    (manifest,) = deployment.wait(file)

    assert manifest.status == "rejected"
    assert reason in (manifest.reason or "")
    jsonschema.validate(deployment.manifest_document(manifest), schema("manifest"))
    event = listener.of_file(file, "FileRejected")
    jsonschema.validate(event["detail"], schema("file_rejected"))
    assert event["detail"]["reason"] == manifest.reason


def test_a_wrong_profile_fails_the_file_and_names_the_field(
    deployment: Deployment, listener: Listener
) -> None:
    with deployment.profile('{"image": {"min_confidence": 500}}') as name:
        file = deployment.drop(f"{name}/picture.png", png())
        (manifest,) = deployment.wait(file)

    assert manifest.status == "failed"
    assert "image.min_confidence" in (manifest.reason or "")
    assert listener.of_file(file, "FileFailed")["detail"]["reason"] == manifest.reason


def test_a_profile_is_chosen_by_folder_and_by_metadata(deployment: Deployment) -> None:
    document = {"text": {"features": ["sentiment"]}, "languages": {"targets": []}}
    with deployment.profile(json.dumps(document)) as name:
        by_folder = deployment.drop(f"{name}/a.txt", unique())
        by_metadata = deployment.drop("a.txt", unique(), profile=name)
        manifests = deployment.wait(by_folder, by_metadata)

    for manifest in manifests:
        assert manifest.profile == name
        features = [outcome.feature for outcome in manifest.outcomes]
        assert features == ["language", "sentiment"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"profile": "no-such-profile"}, "There is no profile named 'no-such-profile'."),
        ({"features": "lables"}, "features that do not exist: lables"),
        ({"targets": "klingon!"}, "'klingon!'"),
    ],
)
def test_wrong_wishes_are_rejected(
    deployment: Deployment, options: dict[str, str], reason: str
) -> None:
    manifest = deployment.analyze("wish.txt", unique(), **options)
    assert manifest.status == "rejected"
    assert reason in (manifest.reason or "")


def test_the_same_event_again_starts_nothing(deployment: Deployment, listener: Listener) -> None:
    file = deployment.drop_cheap("once.txt", unique())
    (manifest,) = deployment.wait(file)
    written = deployment.versions(f"results/{file.file_id}/")

    message = send_again(deployment, listener.dropped(file))
    until(lambda: was_admitted(deployment, message), "the second delivery")

    assert len(deployment.executions("AnalyzeTextMachineArn", manifest.analysis_id)) == 1
    assert deployment.versions(f"results/{file.file_id}/") == written
    assert set(written.values()) == {1}, "everything was written once"


def send_again(deployment: Deployment, event: dict[str, object]) -> str:
    """Put an event on the admission queue as EventBridge did; the message's id."""
    answer = deployment.client("sqs").send_message(
        QueueUrl=deployment.resources["AdmissionQueue"], MessageBody=json.dumps(event)
    )
    return str(answer["MessageId"])


def was_admitted(deployment: Deployment, message: str) -> bool:
    lines = deployment.logs("AdmitFile")
    return any(message in line and "Admission ended" in line for line in lines)


def test_equal_files_at_once_cost_one_analysis(deployment: Deployment) -> None:
    body = unique()
    with ThreadPoolExecutor(2) as pool:
        files = list(pool.map(lambda key: deployment.drop_cheap(key, body), ["a.txt", "b.txt"]))
    first, second = deployment.wait(*files)

    assert first.analysis_id == second.analysis_id
    assert first.file_id != second.file_id
    assert len(deployment.executions("AnalyzeTextMachineArn", first.analysis_id)) == 1
    assert sorted([first.reused_from is None, second.reused_from is None]) == [False, True]
    assert first.outcomes == second.outcomes


def test_an_equal_file_later_costs_nothing(deployment: Deployment, listener: Listener) -> None:
    body = unique()
    (first,) = deployment.wait(deployment.drop_cheap("earlier.txt", body))
    later = deployment.drop_cheap("later.txt", body)
    (second,) = deployment.wait(later)

    assert second.reused_from == first.file_id
    assert len(deployment.executions("AnalyzeTextMachineArn", first.analysis_id)) == 1
    assert listener.of_file(later, "FileAnalyzed")["detail"]["reused_from"] == first.file_id


def test_a_changed_file_is_a_new_version_with_insights_of_its_own(deployment: Deployment) -> None:
    files = [deployment.drop_cheap("diary.txt", unique()) for _ in range(2)]
    first, second = deployment.wait(*files)
    assert first.analysis_id != second.analysis_id


def test_a_request_over_the_bus_analyzes_again_by_its_own_settings(
    deployment: Deployment, listener: Listener
) -> None:
    file = deployment.drop_cheap("again.txt", unique())
    (first,) = deployment.wait(file)
    wish = {"bucket": file.bucket, "key": file.key, "version_id": file.version_id}
    deployment.request(**wish, features=["syntax"], targets=[])

    event = listener.wait(
        lambda event: (
            event["detail"].get("file_id") == file.file_id
            and event["detail"].get("analysis_id") not in {None, first.analysis_id}
        ),
        "of the second analysis",
    )
    jsonschema.validate(event["detail"], schema("file_analyzed"))
    assert set(event["detail"]["features"]) == {"language", "syntax"}


def test_a_request_for_what_is_not_there_is_rejected(
    deployment: Deployment, listener: Listener
) -> None:
    bucket, key = deployment.output("InboxBucketName"), f"{uuid.uuid4().hex}.txt"
    deployment.request(bucket=bucket, key=key)
    event = listener.wait(lambda event: event["detail"].get("key") == key, f"about {key}")
    assert event["detail-type"] == "FileRejected"
    assert "gone" in event["detail"]["reason"]

    deployment.request(bucket=bucket, key=key)
    until(
        lambda: len(listener.heard(lambda event: event["detail"].get("key") == key)) > 1,
        "the answer to the second request",
    )


def test_a_wrong_request_is_rejected_and_names_the_field(
    deployment: Deployment, listener: Listener
) -> None:
    file = deployment.drop_cheap("wrong request.txt", unique())
    deployment.wait(file)
    detail = {"bucket": file.bucket, "key": file.key, "features": ["everything"]}
    deployment.put_event("AnalysisRequested", detail)
    event = listener.wait(
        lambda event: event["detail-type"] == "FileRejected" and event["detail"]["key"] == file.key,
        f"about {file.key}",
    )
    assert "features.0" in event["detail"]["reason"]
