"""What is paid for when a file is asked for again, by the local cloud's own list of its sales."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from typer.testing import CliRunner

from bench.chaos.figures import sales
from bench.chaos.lives import Cloud
from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, until
from tests.e2e.novelties import a_recording
from tests.e2e.stops import stop_while_heard
from tests.e2e.test_permissions import denied
from tests.fakes.films import BLUE, RED, film
from tests.fakes.recordings import tone
from windfall.contracts.manifest import Manifest
from windfall_cli.home import LocalAddress
from windfall_cli.main import app

DEMO = Path(__file__).parents[2] / "demo"
LETTER = b"Dear Anna, write to anna@example.com; the hotel in Lisbon was wonderful."

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(bool(AWS_STACK), reason="AWS shows no list of what it sold"),
    pytest.mark.skipif(
        bool(MISSING_MODELS), reason=f"models are missing: {MISSING_MODELS}; make models"
    ),
]


class Shop:
    """A stack, and what was paid for since one last looked."""

    def __init__(self, cloud: Cloud) -> None:
        self.deployment = Deployment(cloud.stack())
        self._folder = cloud.folder
        self._seen = 0

    def bought(self) -> Counter[str]:
        """Paid calls by operation since the last look."""
        sold = sales(self._folder)
        new, self._seen = sold[self._seen :], len(sold)
        return Counter(one["operation"] for one in new)

    def drop(self, key: str, body: bytes, features: str) -> Manifest:
        """A file, without languages."""
        return self.deployment.analyze(key, body, features=features, targets=NO_LANGUAGES)

    def ask(self, before: Manifest, **asked: object) -> Manifest:
        """Ask for a file again, and wait for the end."""
        revision = before.history[-1].revision
        self.deployment.request(
            bucket=before.bucket, key=before.key, version_id=before.version_id,
            revision=revision, **asked,
        )  # fmt: skip
        file = Dropped(before.bucket, before.key, str(before.version_id))

        def again() -> Manifest | None:
            (now,) = self.deployment.wait(file)
            return now if now.history[-1].revision > revision else None

        return until(again, f"another line in the history of {before.key}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    cloud = Cloud(tmp_path_factory.mktemp("shop"))
    cloud.start()
    cloud.wait_until_ready()
    shop = Shop(cloud)
    yield shop
    shop.deployment.close()
    cloud.end()


def test_a_letter_is_paid_for_once_and_then_what_is_new_or_failed(shop: Shop) -> None:
    first = shop.drop("letter.txt", LETTER, "sentiment,entities")
    assert shop.bought() == {"DetectDominantLanguage": 1, "DetectSentiment": 1, "DetectEntities": 1}

    whole = shop.ask(first, rerun=True)
    assert shop.bought() == {}
    assert (whole.status, whole.history[-1].reused) == ("analyzed", 3)

    more = ["sentiment", "entities", "pii"]
    with denied(shop.deployment, "DetectTextFeatureRole", "comprehend:DetectPiiEntities"):
        partial = shop.ask(whole, features=more)
    assert partial.status == "partial"
    assert shop.bought() == {}

    mended = shop.ask(partial, rerun=True, features=more)
    assert shop.bought() == {"DetectPiiEntities": 1}
    assert mended.status == "analyzed"

    forced = shop.ask(mended, force=True, features=more)
    assert sorted(shop.bought()) == [
        "DetectDominantLanguage", "DetectEntities", "DetectPiiEntities", "DetectSentiment",
    ]  # fmt: skip
    told = [(line.why.value, line.ok, line.failed, line.reused) for line in forced.history]
    assert told == [
        ("dropped", 3, 0, 0),
        ("rerun", 3, 0, 3),
        ("settings_changed", 3, 1, 3),
        ("rerun", 4, 0, 3),
        ("forced", 4, 0, 0),
    ]
    copy = shop.deployment.drop("copy.txt", LETTER, features=",".join(more), targets=NO_LANGUAGES)
    (again,) = shop.deployment.wait(copy)
    assert shop.bought() == {}
    assert (again.reused_from, again.outcomes) == (first.file_id, forced.outcomes)


def test_a_photo_pays_for_the_feature_that_is_added(shop: Shop) -> None:
    body = (DEMO / "portrait.jpg").read_bytes()
    first = shop.drop("photo.jpg", body, "labels")
    assert shop.bought() == {"DetectLabels": 1}

    again = shop.ask(first, features=["labels", "faces"], targets=[])
    assert shop.bought() == {"DetectFaces": 1}
    assert {outcome.feature for outcome in again.outcomes} == {"labels", "faces"}
    assert shop.deployment.result_json(again, "labels")["Labels"]


def test_a_recording_is_transcribed_once(shop: Shop) -> None:
    samples, rate = soundfile.read(DEMO / "speech.flac", frames=3 * 16_000, dtype="int16")
    made = io.BytesIO()
    soundfile.write(made, samples, rate, format="AIFF")
    first = shop.drop("memo.aiff", made.getvalue(), "sentiment")
    assert shop.bought() == {"StartTranscriptionJob": 1, "DetectSentiment": 1}

    with denied(shop.deployment, "DetectTextFeatureRole", "comprehend:DetectPiiEntities"):
        partial = shop.ask(first, features=["sentiment", "pii"], targets=[])
    assert (partial.status, shop.bought()) == ("partial", {})
    mended = shop.ask(partial, rerun=True, features=["sentiment", "pii"], targets=[])
    assert shop.bought() == {"DetectPiiEntities": 1}
    assert mended.status == "analyzed"
    assert {"captions.en.vtt", "redacted.txt"} <= {file.name for file in mended.files}


def test_what_was_stopped_goes_on_with_the_job_that_it_had_begun(shop: Shop) -> None:
    def stopped_in_time() -> Dropped | None:
        shop.bought()
        wanted = {"features": "sentiment", "targets": NO_LANGUAGES}
        file = shop.deployment.drop("stopped.wav", a_recording(8), **wanted)
        return file if stop_while_heard(shop.deployment, file) else None

    file = until(stopped_in_time, "a recording that was stopped while it was heard")
    (stopped,) = shop.deployment.wait(file)
    assert stopped.status == "failed"

    again = shop.ask(stopped, rerun=True)
    assert (again.status, again.attempt) == ("analyzed", 2)
    assert shop.bought() == {"StartTranscriptionJob": 1, "DetectSentiment": 1}


def test_a_video_pays_for_the_pictures_that_are_added_and_not_for_its_sound(shop: Shop) -> None:
    body = film(((RED, 1.0), (BLUE, 1.0)), codec="mpeg4", form="avi", sound=tone(2.0))
    first = shop.drop("film.avi", body, "segments")
    assert shop.bought() == {"StartSegmentDetection": 1, "StartTranscriptionJob": 1}

    again = shop.ask(first, features=["segments", "labels"], targets=[])
    bought = shop.bought()
    assert bought.pop("StartLabelDetection") == 1
    # Nothing is said in a tone: its transcript is not finished, and yet there.
    assert bought == {}
    assert {"segments", "labels", "timeline"} <= {one.feature for one in again.outcomes}


@pytest.fixture
def commands(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line, which finds the shop's cloud."""
    monkeypatch.setenv("WINDFALL_HOME", str(tmp_path))
    stack = shop.deployment.stack
    keys = stack.session.get_credentials()
    address = LocalAddress(
        endpoint=str(stack.endpoint),
        region=stack.region,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        stack=stack.name,
        pid=os.getpid(),
    )
    address.save()
    return CliRunner()


def test_what_failed_is_asked_for_again_and_then_no_more(shop: Shop, commands: CliRunner) -> None:
    def rerun(*arguments: str) -> Any:
        ended = commands.invoke(app, ["rerun", "--failed", "--since", "10m", "--json", *arguments])
        assert ended.exit_code == 0, ended.stderr
        return json.loads(ended.stdout)

    with denied(shop.deployment, "DetectTextFeatureRole", "comprehend:DetectEntities"):
        broken = shop.drop(
            "broken.txt", b"Dear Anna, the garden of the hotel was beautiful.", "sentiment,entities"
        )
    assert broken.status == "partial"
    shop.bought()

    (listed,) = rerun("--dry-run")
    assert (listed["file_id"], listed["again"]) == (broken.file_id, ["entities"])
    (mended,) = rerun("--wait")
    assert (mended["file_id"], mended["status"]) == (broken.file_id, "analyzed")
    assert shop.bought() == {"DetectEntities": 1}
    assert rerun("--wait") == []


def test_what_a_changed_profile_adds_is_paid_for(shop: Shop, commands: CliRunner) -> None:
    def settings(*features: str) -> str:
        chosen = {"text": {"features": features}, "languages": {"targets": []}}
        return json.dumps({**chosen, "image": {"features": ["properties"]}})

    def rerun(*arguments: str) -> Any:
        ended = commands.invoke(app, ["rerun", "--profile-changed", "--json", *arguments])
        assert ended.exit_code == 0, ended.stderr
        return json.loads(ended.stdout)

    with shop.deployment.profile(settings("sentiment")) as profile:
        letter, photo = shop.deployment.wait(
            shop.deployment.drop(
                f"{profile}/letter.txt", b"Dear Anna, the hotel in Lisbon was wonderful again."
            ),
            shop.deployment.drop(f"{profile}/photo.jpg", (DEMO / "portrait.jpg").read_bytes()),
        )
        assert {letter.status, photo.status} == {"analyzed"}
        assert rerun("--since", "1h", "--dry-run") == []
        shop.deployment.client("ssm").put_parameter(
            Name=f"{shop.deployment.output('ProfilesPath')}/{profile}",
            Value=settings("sentiment", "syntax"),
            Type="String",
            Overwrite=True,
        )
        shop.bought()
        (listed,) = rerun("--dry-run")
        assert (listed["file_id"], listed["again"]) == (letter.file_id, ["syntax"])
        (again,) = rerun("--wait")
    assert shop.bought() == {"DetectSyntax": 1}
    assert [line["why"] for line in again["history"]] == ["dropped", "settings_changed"]
