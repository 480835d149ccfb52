"""What lies in a bucket already is asked for, and each file is analyzed once."""

from __future__ import annotations

import uuid

import pytest

from tests.e2e.deployment import Deployment, unique, until
from windfall.contracts.profile import Profile
from windfall.planning.profiles import Overrides
from windfall_cli.appraisal import appraise, counted
from windfall_cli.commands import backfill
from windfall_cli.estimates import FileEstimator

pytestmark = pytest.mark.timeout(900)


def profile_of(feature: str) -> str:
    """A profile that finds one feature of a text, and nothing else."""
    document = {"text": {"features": [feature]}, "languages": {"targets": []}}
    return Profile.model_validate(document).model_dump_json()


def test_everything_below_a_prefix_is_analyzed_once(deployment: Deployment) -> None:
    folder = f"backfill-{uuid.uuid4().hex}"
    bucket = deployment.output("InboxBucketName")
    with (
        deployment.profile(profile_of("sentiment")) as first,
        deployment.profile(profile_of("key_phrases")) as profile,
    ):
        files = [
            deployment.drop(f"{folder}/{number:02}.txt", unique(), profile=first)
            for number in range(12)
        ]
        deployment.wait(*files)
        endings = counted(backfill._listing(deployment.stack, bucket, f"{folder}/"), sample=4)
        estimator = FileEstimator(deployment.stack, Overrides(profile=profile))
        appraise(estimator, bucket, endings.values())
        assert list(endings) == [".txt"]
        assert endings[".txt"].objects == 12
        assert endings[".txt"].dollars == pytest.approx(12 * 0.0006)
        for name in (f"{folder}-one", f"{folder}-two"):
            order = {
                "bucket": bucket,
                "prefix": f"{folder}/",
                "rate": 500,
                "tolerated_failure_percentage": 0,
                "profile": profile,
            }
            arn = backfill._start(deployment.stack, name, order)
            backfill._follow(deployment.stack, arn, quiet=True)
            states = deployment.client("stepfunctions")
            ended = states.describe_execution(executionArn=arn)
            assert ended["status"] == "SUCCEEDED", ended
            counts = backfill._counts(states, arn)
            assert counts is not None
            assert (counts["succeeded"], counts["total"]) == (12, 12)

        def asked_for_anew() -> bool:
            rows = deployment.reader.files({file.file_id for file in files})
            return all(row.profile == profile for row in rows.values())

        until(asked_for_anew, "every file under the other profile")
        manifests = deployment.wait(*files)
    for manifest in manifests:
        features = {one.feature for one in manifest.outcomes}
        assert "key_phrases" in features
        assert (manifest.status, manifest.attempt) == ("analyzed", 1)
    assert endings[".txt"].size == sum(manifest.size or 0 for manifest in manifests)
