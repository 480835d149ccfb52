"""A text that is too long for a request of Polly's is narrated in tasks, which nobody polls."""

from __future__ import annotations

import io
import json

import pytest
import soundfile

from tests.e2e.deployment import Deployment, outcome_of, unique

pytestmark = pytest.mark.timeout(900)

BRIEF = {
    "text": {"features": ["sentiment"]},
    "languages": {"targets": ["es"], "max_characters": 5},
}
SENTENCE = "The committee met in Geneva & agreed on the budget of the new library.\n\n"


def test_a_long_text_is_spoken_by_tasks(deployment: Deployment) -> None:
    body = unique(SENTENCE * 50)
    manifest = deployment.analyze("minutes.txt", body, features="sentiment", targets="en")
    assert manifest.status == "analyzed", manifest.reason
    speech = outcome_of(manifest, "speech.en")
    (call,) = speech.calls
    assert (call.operation, call.count) == ("StartSpeechSynthesisTask", 2)

    sound = soundfile.info(io.BytesIO(deployment.result(manifest, "speech.en.mp3")))
    assert sound.duration == pytest.approx(speech.summary["seconds"], abs=0.2)
    assert sound.duration > 150
    text = deployment.result(manifest, "text.txt")
    lines = deployment.result(manifest, "speech.en.marks.jsonl").splitlines()
    marks = [json.loads(line) for line in lines]
    assert sum(mark["type"] == "sentence" for mark in marks) >= 50
    for mark in marks:
        assert text[mark["start"] : mark["end"]].decode() == mark["value"]
    assert marks[-1]["time"] < sound.duration * 1000


def test_what_is_not_translated_is_not_spoken_and_says_why(deployment: Deployment) -> None:
    with deployment.profile(json.dumps(BRIEF)) as profile:
        manifest = deployment.analyze("letter.txt", unique(), profile=profile)
    assert manifest.status == "analyzed", manifest.reason
    translation, speech = (outcome_of(manifest, f"{name}.es") for name in ("translation", "speech"))
    assert (translation.status, speech.status) == ("skipped", "skipped")
    assert speech.reason == f"There is no translation to speak: {translation.reason}"
    assert speech.started <= speech.ended
