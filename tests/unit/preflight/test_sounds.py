"""Recordings: told by their bytes, measured by their beginning, refused with a reason."""

from __future__ import annotations

import contextlib
import io
import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.storage import FakeObjectStore
from tests.fakes.world import World
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.manifest import Manifest
from windfall.contracts.subject import Kind
from windfall.errors import InvalidInputError
from windfall.preflight.media import inspect_media
from windfall.preflight.snapshot import WHOLE_UP_TO, snapshot_of
from windfall.ranges import RangeFile

SAMPLES = Path(__file__).parents[3] / "../shared/samples/audio"


def wav(seconds: float = 1.0, rate: int = 16_000, channels: int = 1) -> bytes:
    """A tone."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        tone = (round(9_000 * math.sin(place / 9)) for place in range(round(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", value) * channels for value in tone))
    return buffer.getvalue()


def encoded(
    container: str,
    codec: str,
    rate: int = 16_000,
    seconds: int = 2,
    options: dict[str, str] | None = None,
) -> bytes:
    """A tone as an encoder really writes it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, options=options or {})
        tone = (np.sin(np.arange(rate * seconds) / 9) * 9_000).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            stream.codec_context.format,
            stream.codec_context.layout,
            rate,
            1_024 * (1 + (codec == "wmav2")),
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def amr(frames: int) -> bytes:
    """Frames of AMR at 12.2 kbit/s, without a sound in them."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def admitted(body: bytes, key: str = "a.bin") -> AnalysisInput:
    world = World()
    world.admit_all(world.drop(key, body))
    (plan,) = world.workflows.started.values()
    return plan


def rejected(body: bytes) -> str:
    world = World()
    world.admit_all(world.drop("a.mp3", body))
    manifest: Manifest = world.only_manifest()
    assert manifest.status == "rejected"
    return manifest.reason or ""


TAKEN: dict[str, tuple[Callable[[], bytes], str, int, float]] = {
    "wav": (wav, "wav", 16_000, 1.0),
    "telephone": (lambda: wav(rate=8_000), "wav", 8_000, 1.0),
    "mp3": (lambda: encoded("mp3", "mp3", 24_000), "mp3", 24_000, 2.0),
    "m4a": (lambda: encoded("ipod", "aac"), "m4a", 16_000, 2.0),
    "mp4": (lambda: encoded("mp4", "aac"), "mp4", 16_000, 2.0),
    "flac": (lambda: encoded("flac", "flac"), "flac", 16_000, 2.0),
    "ogg": (lambda: encoded("ogg", "libopus", 48_000), "ogg", 48_000, 2.0),
    "webm": (lambda: encoded("webm", "libopus", 48_000), "webm", 48_000, 2.0),
    "amr": (lambda: amr(100), "amr", 8_000, 2.0),
}


@pytest.mark.parametrize("case", TAKEN)
def test_recordings_are_taken_and_measured(case: str) -> None:
    body, file_format, rate, seconds = TAKEN[case]
    plan = admitted(body())
    assert (plan.kind, plan.file.format) == (Kind.AUDIO, file_format)
    assert plan.media is not None
    assert plan.media.sample_rate == rate
    assert plan.media.seconds == pytest.approx(seconds, abs=0.15)
    assert plan.media.wait_seconds == round(7_200 + 4 * (plan.media.seconds or 0))
    assert plan.audio is not None
    assert plan.features == []


def test_a_recording_goes_through_the_text_features_and_languages_of_its_profile() -> None:
    plan = admitted(wav())
    assert plan.text is not None
    assert plan.text.features[0].feature == "sentiment"
    assert [language.language for language in plan.text.languages] == ["en", "es"]


def test_an_mp3_that_is_named_wav_is_an_mp3() -> None:
    assert admitted(encoded("mp3", "mp3", 24_000), "call.wav").file.format == "mp3"


def test_channels_are_counted() -> None:
    media = admitted(wav(channels=2, rate=8_000)).media
    assert media is not None
    assert media.channels == 2


def test_a_wav_of_a_recorder_that_was_stopped_short_is_as_long_as_its_bytes() -> None:
    body = bytearray(wav(2.0))
    body[40:44] = b"\xff\xff\xff\xff"
    media = admitted(bytes(body)).media
    assert media is not None
    assert media.seconds == pytest.approx(2.0, abs=0.1)


ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")

CONVERTED: dict[str, tuple[Callable[[], bytes], str, float | None]] = {
    "slow": (lambda: wav(rate=6_000), "wav", 1.0),
    "fine": (lambda: wav(rate=96_000), "wav", 1.0),
    "Matroska": (lambda: encoded("matroska", "libopus", 48_000), "mkv", 2.0),
    "QuickTime": (lambda: encoded("mov", "aac"), "mov", 2.0),
    "3GP": (lambda: encoded("3gp", "aac"), "3gp", 2.0),
    "ALAC": (lambda: encoded("ipod", "alac"), "m4a", 2.0),
    "AIFF": (lambda: encoded("aiff", "pcm_s16be"), "aiff", 2.0),
    "WMA": (lambda: encoded("asf", "wmav2", 44_100, options={"b": "64000"}), "wma", 2.0),
    "raw AAC": (lambda: encoded("adts", "aac"), "aac", None),
    "MPEG layer II": (lambda: encoded("mp2", "mp2"), "mp2", None),
    "Core Audio": (lambda: encoded("caf", "pcm_s16be"), "caf", None),
    "AU": (lambda: encoded("au", "pcm_s16be"), "au", None),
}


@pytest.mark.parametrize("case", CONVERTED)
def test_what_transcribe_does_not_take_is_to_be_converted(case: str) -> None:
    body, file_format, seconds = CONVERTED[case]
    plan = admitted(body())
    assert (plan.kind, plan.file.format) == (Kind.AUDIO, file_format)
    assert plan.media is not None
    assert plan.media.convert is True
    assert plan.media.seconds == (None if seconds is None else pytest.approx(seconds, abs=0.2))


def test_what_transcribe_takes_is_not_converted() -> None:
    for body, *_ in TAKEN.values():
        media = admitted(body()).media
        assert media is not None
        assert media.convert is False


@pytest.mark.parametrize("text", ["The wide world", "The free press", "Get moov"])
def test_a_text_is_no_movie_whatever_its_fifth_letter(text: str) -> None:
    assert admitted(text.encode()).kind is Kind.TEXT


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "short": (lambda: wav(0.2), "too short: 0.20 seconds"),
    "long": (lambda: amr(50 * 3600 * 8 + 50), "too long: 8:00:01"),
    "head of an AVI": (lambda: b"RIFF\0\0\0\0AVI LIST", "broken or cut off (AVI)"),
    "head of a MOV": (lambda: b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "broken or cut off (MOV)"),
    "head of Windows Media": (lambda: ASF + bytes(40), "broken or cut off (WMV)"),
    "cut-off m4a": (lambda: encoded("ipod", "aac")[:3_000], "broken or cut off (M4A)"),
    "head of a WAV": (lambda: b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", "broken or cut off (WAV)"),
    "head of an MP3": (lambda: b"ID3\3\0\0\0\0\0\0", "broken or cut off (MP3)"),
    "head of an MP4": (lambda: b"\0\0\0\x20ftypisom\0\0\2\0", "broken or cut off (MP4)"),
    "head of a WebM": (lambda: b"\x1aE\xdf\xa3\x88webm", "broken or cut off (WEBM)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_transcribe_does_not_take_is_rejected_with_a_reason(case: str) -> None:
    body, reason = REFUSED[case]
    assert reason in rejected(body())


@pytest.mark.parametrize("case", ["wav", "m4a", "mp3", "flac", "ogg", "webm", "amr"])
@given(data=st.data())
def test_a_damaged_recording_is_taken_or_refused_and_breaks_nothing(
    case: str, data: st.DataObject
) -> None:
    body = bytearray(_WHOLE[case])
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, min(len(body), 600) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(16, len(body)))
    store = FakeObjectStore()
    pointer = store.drop("inbox", "a", bytes(body[:cut]))
    with snapshot_of(store.open(pointer)) as snapshot, contextlib.suppress(InvalidInputError):
        inspect_media(snapshot, {"m4a": "mp4", "webm": "matroska"}.get(case, case))


_WHOLE = {case: TAKEN[case][0]() for case in TAKEN}


def test_a_large_recording_is_looked_at_and_not_fetched() -> None:
    world = World()
    body = wav() + bytes(WHOLE_UP_TO)
    world.admit_all(world.drop("call.wav", body))
    (plan,) = world.workflows.started.values()
    assert plan.file.size == len(body)
    assert not any(source.read_bytes for source in world.store.opened)


def test_a_large_file_that_is_no_recording_is_read_whole() -> None:
    world = World()
    world.admit_all(world.drop("a.txt", b"word " * (WHOLE_UP_TO // 5 + 1)))
    assert "too large" in (world.only_manifest().reason or "")


def test_large_recordings_are_known_by_their_etag() -> None:
    world = World()
    body = wav() + bytes(WHOLE_UP_TO)
    world.admit_all(world.drop("a.wav", body), world.drop("b.wav", body))
    assert len(world.workflows.started) == 1
    world.admit_all(world.drop("c.wav", body + b"\1"))
    assert len(world.workflows.started) == 2


@given(
    st.binary(min_size=1, max_size=2_000),
    st.lists(st.tuples(st.integers(0, 2_100), st.integers(0, 700)), max_size=8),
)
def test_a_file_of_ranges_reads_as_the_object_does(
    body: bytes, reads: list[tuple[int, int]]
) -> None:
    store = FakeObjectStore()
    pointer = store.drop("inbox", "a", body)
    ranged, whole = io.BufferedReader(RangeFile(store, pointer, len(body)), 64), io.BytesIO(body)
    for place, length in reads:
        assert ranged.seek(place) == whole.seek(place)
        assert ranged.read(length) == whole.read(length)


@pytest.mark.parametrize("name", ["lv-0870.wav", "jfk.flac", "transcribe-test-file.wav"])
def test_the_samples_are_taken(name: str) -> None:
    if not SAMPLES.exists():
        pytest.skip("the shared samples are not here")
    assert admitted((SAMPLES / name).read_bytes()).kind is Kind.AUDIO
