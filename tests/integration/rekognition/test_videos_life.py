"""Video jobs outlive the process that accepted them, and their ends reach whoever waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.videos import encode, pan
from tests.integration.conftest import ClientFactory, make_client
from tests.integration.rekognition.topic import Topic, until
from windfall_local.cloud import LocalCloud
from windfall_local.engines.models import ModelStore
from windfall_local.threaded import cloud_in_thread

MISSING = [
    state.model.name
    for state in ModelStore().states()
    if state.model.name == "centernet" and state.status != "installed"
]

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(bool(MISSING), reason=f"models are missing: {MISSING}; make models"),
]


@contextmanager
def clients_of(cloud: LocalCloud) -> Iterator[ClientFactory]:
    """Makes clients, and closes them."""
    with ExitStack() as closing:

        def make(service: str) -> Any:
            client = make_client(cloud, service)
            closing.callback(client.close)
            return client

        yield make


def test_a_job_goes_on_after_a_stop_and_its_end_is_told_once(tmp_path: Path) -> None:
    moving = encode(pan(1, 12 * 25, step=3), options={"g": "50"})

    with cloud_in_thread(tmp_path) as cloud, clients_of(cloud) as client:
        topic = Topic.create(client, "AmazonRekognitionEnds")
        s3, rekognition = client("s3"), client("rekognition")
        s3.create_bucket(Bucket="videos")
        s3.put_object(Bucket="videos", Key="long.mp4", Body=moving)
        asked = {
            "Video": {"S3Object": {"Bucket": "videos", "Name": "long.mp4"}},
            "NotificationChannel": topic.channel,
            "ClientRequestToken": "long",
        }
        job = rekognition.start_label_detection(**asked)["JobId"]
        (seen,) = until(lambda: list(tmp_path.rglob("seen.jsonl")))
    before = seen.read_text().splitlines()
    assert 0 < len(before) < 24

    with cloud_in_thread(tmp_path) as cloud, clients_of(cloud) as client:
        topic = Topic(client, "AmazonRekognitionEnds")
        (message,) = until(lambda: topic.messages(wait=20))
        assert (message["JobId"], message["Status"]) == (job, "SUCCEEDED")
        rekognition = client("rekognition")
        answer = rekognition.get_label_detection(JobId=job, AggregateBy="SEGMENTS")
        assert answer["JobStatus"] == "SUCCEEDED"
        assert answer["VideoMetadata"]["DurationMillis"] == 12_000
        assert rekognition.start_label_detection(**asked)["JobId"] == job
        assert topic.messages() == []
    assert not list(tmp_path.rglob("films/*"))
