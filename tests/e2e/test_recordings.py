"""Recordings through the whole chain: heard, captioned, understood, translated and dubbed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pysubs2
import pytest
import soundfile
import webvtt

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, outcome_of
from tests.e2e.schemas import schema
from tests.fakes.recordings import CODECS, encode, silence
from windfall.contracts.manifest import Manifest

SPEECH = Path(__file__).parents[2] / "demo/speech.flac"
RATE = 16_000

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]

CALL = "connect/CallRecordings/2026/11/23/0a1b2c3d_20261123T14:13_UTC.wav"
"""As Amazon Connect names the recording of a call."""


def spoken(start: float, end: float) -> Any:
    """A piece of the demo's speech."""
    samples, rate = soundfile.read(SPEECH, dtype="int16")
    assert rate == RATE
    return samples[round(start * RATE) : round(end * RATE)]


def bodies() -> dict[str, bytes]:
    first, second = spoken(0, 4.5), spoken(4.5, 9)
    CODECS["aiff"] = ("aiff", "pcm_s16be")
    return {
        "speech.flac": SPEECH.read_bytes(),
        "dictation.aiff": encode("aiff", first, rate=44_100),
        "memo.wav": encode("mp3", first),  # an MP3, whatever its name says
        "nothing.m4a": encode("m4a", silence(3)),
        CALL: encode(
            "wav",
            np.concatenate([first, silence(4.5)]),
            np.concatenate([silence(4.5), second]),
            rate=8_000,
        ),
    }


@pytest.fixture(scope="module")
def dropped(deployment: Deployment) -> dict[str, Dropped]:
    """Recordings, all at once; only the speech asks for everything."""
    few = {"features": "sentiment", "targets": NO_LANGUAGES}
    return {
        key: deployment.drop(key, body, **({} if key == "speech.flac" else few))
        for key, body in bodies().items()
    }


@pytest.fixture(scope="module")
def manifests(deployment: Deployment, dropped: dict[str, Dropped]) -> dict[str, Manifest]:
    """What became of them."""
    return dict(zip(dropped, deployment.wait(*dropped.values()), strict=True))


def reasons(manifest: Manifest) -> dict[str, str | None]:
    return {one.feature: one.reason for one in manifest.outcomes if one.status != "ok"}


def test_every_recording_ends_well(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    for manifest in manifests.values():
        assert (manifest.kind, manifest.status) == ("audio", "analyzed"), reasons(manifest)
        jsonschema.validate(deployment.manifest_document(manifest), schema("manifest"))


def test_a_speech_is_heard_and_understood(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["speech.flac"]
    text = deployment.result(manifest, "text.txt").decode().lower()
    assert {"country", "americans"} & set(text.replace(",", " ").replace(".", " ").split())
    transcript = outcome_of(manifest, "transcript").summary
    assert transcript["language"] == "en"
    assert transcript["seconds"] == pytest.approx(11.0, abs=0.1)
    features = {one.feature for one in manifest.outcomes if one.status == "ok"}
    assert features >= {"transcript", "captions.en", "sentiment", "entities", "key_phrases", "pii"}


def test_captions_are_read_by_players_in_both_languages(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["speech.flac"]
    times = []
    for language in ("en", "es"):
        vtt = deployment.result(manifest, f"captions.{language}.vtt").decode()
        cues = webvtt.from_buffer(io.StringIO(vtt)).captions
        srt = deployment.result(manifest, f"captions.{language}.srt").decode()
        assert len(pysubs2.SSAFile.from_string(srt)) == len(cues)
        times.append((cues[0].start, cues[-1].end))
    assert times[0] == times[1], "the translation keeps to the times of what is said"


def test_a_speech_is_dubbed_in_time(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    manifest = manifests["speech.flac"]
    samples, rate = soundfile.read(io.BytesIO(deployment.result(manifest, "dubbed.es.mp3")))
    assert len(samples) / rate == pytest.approx(11.0, abs=0.1)
    assert abs(samples).max() > 0.05, "something is to be heard"
    assert outcome_of(manifest, "dubbed.es").summary["late"] == 0


def test_what_is_not_translated_is_not_dubbed_and_says_why(deployment: Deployment) -> None:
    brief = {"languages": {"targets": ["es"], "max_characters": 5}, "text": {"features": []}}
    with deployment.profile(json.dumps(brief)) as profile:
        manifest = deployment.analyze("brief.wav", encode("wav", spoken(0, 3.5)), profile=profile)
    assert manifest.status == "analyzed", reasons(manifest)
    said = reasons(manifest)
    assert said["dubbed.es"] == f"There is no translation to speak: {said['translation.es']}"


def test_a_recording_costs_few_steps_and_never_asks(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["speech.flac"]
    (execution,) = deployment.executions("AnalyzeAudioMachineArn", manifest.analysis_id)
    cost = deployment.transitions(execution)
    assert cost.total <= 30
    assert cost.functions["TranscribeAudio"] == 1


def test_a_format_that_transcribe_does_not_take_is_converted_first(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["dictation.aiff"]
    assert manifest.format == "aiff"
    samples, rate = soundfile.read(io.BytesIO(deployment.result(manifest, "working.flac")))
    assert (rate, len(samples) / rate) == (RATE, pytest.approx(4.5, abs=0.1))
    assert outcome_of(manifest, "transcript").summary["words"] > 3


def test_an_mp3_that_is_named_wav_is_heard(manifests: dict[str, Manifest]) -> None:
    manifest = manifests["memo.wav"]
    assert manifest.format == "mp3"
    assert outcome_of(manifest, "transcript").summary["words"] > 3


def test_silence_has_no_transcript_and_that_is_no_failure(manifests: dict[str, Manifest]) -> None:
    assert reasons(manifests["nothing.m4a"]) == {"transcript": "No speech was found."}


def test_a_call_of_connect_has_two_parties(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests[CALL]
    assert manifest.key == CALL
    assert outcome_of(manifest, "transcript").summary["speakers"] == 2
    cues = json.loads(deployment.result(manifest, "cues.json"))["cues"]
    by_party = {
        speaker: [cue["start"] for cue in cues if cue["speaker"] == speaker]
        for speaker in ("ch_0", "ch_1")
    }
    assert max(by_party["ch_0"]) < 4_600 <= min(by_party["ch_1"]) + 300
    vtt = deployment.result(manifest, "captions.en.vtt").decode()
    assert len({line.split(">")[0] for line in vtt.splitlines() if line.startswith("<v ")}) == 2
