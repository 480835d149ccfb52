"""What people record: a memo, an interview, a telephone, a song, nothing, and what broke off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, outcome_of
from tests.fakes.recordings import RATE, encode, song
from windfall.contracts.manifest import Manifest
from windfall_local.engines.voice import Speaker, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine

SPEECH = Path(__file__).parents[2] / "demo/speech.flac"

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]


def spoken(start: float, end: float) -> Any:
    """A piece of the demo's speech, as loud as it is."""
    samples, rate = soundfile.read(SPEECH, dtype="int16")
    assert rate == RATE
    return samples[round(start * RATE) : round(end * RATE)]


def answered() -> Any:
    """Another voice, about as loud."""
    speaker = Speaker("en-us", "male")
    text = "Thank you. I will think about it, and tell my friends at home what you have said."
    request = SpeechRequest(text, False, speaker)
    return np.frombuffer(EspeakEngine().speak(request, "pcm", RATE).audio, np.int16)


def bodies() -> dict[str, bytes]:
    memo = encode("m4a", spoken(0, 4.5))
    pause: Any = np.zeros(RATE // 2, np.int16)
    interview = np.concatenate([spoken(0, 4.5), pause, answered(), pause, spoken(4.5, 9)])
    return {
        "memo.m4a": memo,
        "interview.wav": encode("wav", interview),
        "telephone.wav": encode("wav", spoken(0, 4.6), rate=8_000),
        "song.mp3": encode("mp3", song(4)),
        "instant.wav": encode("wav", spoken(1, 1.2)),
        "broken.m4a": memo[: len(memo) // 2],
        "broken.mp3": encode("mp3", spoken(0, 6))[:-9_000],
    }


@pytest.fixture(scope="module")
def manifests(deployment: Deployment) -> dict[str, Manifest]:
    """What became of all of them, dropped at once."""
    few = {"features": "sentiment", "targets": NO_LANGUAGES}
    dropped = {key: deployment.drop(f"odd/{key}", body, **few) for key, body in bodies().items()}
    return dict(zip(dropped, deployment.wait(*dropped.values()), strict=True))


@pytest.mark.parametrize("name", ["memo.m4a", "telephone.wav", "broken.mp3"])
def test_what_can_be_heard_is_transcribed(manifests: dict[str, Manifest], name: str) -> None:
    manifest = manifests[name]
    assert manifest.status == "analyzed", manifest.reason
    assert outcome_of(manifest, "transcript").summary["words"] > 3


def test_who_asks_and_who_answers_are_told_apart(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["interview.wav"]
    assert outcome_of(manifest, "transcript").summary["speakers"] == 2
    cues = json.loads(deployment.result(manifest, "cues.json"))["cues"]
    order = [cue["speaker"] for cue in cues]
    turns = [one for one, before in zip(order, [None, *order], strict=False) if one != before]
    assert turns == ["spk_0", "spk_1", "spk_0"]
    assert "<v Speaker 2>" in deployment.result(manifest, "captions.en.vtt").decode()


def test_one_who_speaks_alone_is_one(manifests: dict[str, Manifest]) -> None:
    assert outcome_of(manifests["memo.m4a"], "transcript").summary["speakers"] == 1


def test_a_song_is_no_speech(manifests: dict[str, Manifest]) -> None:
    outcome = outcome_of(manifests["song.mp3"], "transcript")
    assert (outcome.status, outcome.reason) == ("skipped", "No speech was found.")


@pytest.mark.parametrize("name", ["instant.wav", "broken.m4a"])
def test_what_can_not_be_heard_is_said_to_be_so(manifests: dict[str, Manifest], name: str) -> None:
    manifest = manifests[name]
    assert manifest.status in {"rejected", "partial"}
    reason = manifest.reason or outcome_of(manifest, "transcript").reason or ""
    assert len(reason.split()) > 4, reason
