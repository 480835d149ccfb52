"""convert_media: a track of any file, as FLAC or as H.264 in MP4."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np
import pytest

from convert_media.logic import MediaConverter
from convert_media.models import Converted, ConvertMediaTask, Track
from tests.fakes.films import BLUE, RED, film
from tests.fakes.hooks import Hook
from tests.fakes.recordings import CODECS, encode, silence, tone
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.errors import InvalidInputError, TransientError

OUTPUT = OutputLocation(bucket="results", prefix="results/f/")
PLENTY = 900_000


class Stage:
    """The function over a store in memory."""

    def __init__(self, body: bytes, hook: Hook | None = None) -> None:
        self.store = FakeObjectStore(hook)
        self.source = self.store.drop("inbox", "a", body)
        self.converter = MediaConverter(self.store)

    def convert(self, media_format: str, track: Track, left: int = PLENTY) -> Converted:
        task = ConvertMediaTask(source=self.source, format=media_format, output=OUTPUT, track=track)
        return self.converter.convert(task, lambda: left)

    def read(self, pointer: S3Pointer) -> bytes:
        return self.store.read(pointer)


@contextmanager
def decoded(body: bytes) -> Iterator[Any]:
    with av.open(io.BytesIO(body)) as container:
        yield container


def samples_of(body: bytes) -> tuple[Any, int]:
    with decoded(body) as container:
        (track,) = container.streams.audio
        blocks = [frame.to_ndarray() for frame in container.decode(track)]
        return np.concatenate(blocks, axis=1), track.rate


FORMATS = {
    "aiff": ("aiff", "pcm_s16be", 44_100),
    "mkv": ("matroska", "libopus", 48_000),
    "mov": ("mov", "aac", 44_100),
    "wma": ("asf", "adpcm_ms", 22_050),
    "aac": ("adts", "aac", 44_100),
    "mp2": ("mp2", "mp2", 44_100),
    "caf": ("caf", "pcm_s16be", 44_100),
    "au": ("au", "pcm_s16be", 44_100),
    "3gp": ("3gp", "aac", 44_100),
    "flv": ("flv", "aac", 44_100),
    "avi": ("avi", "mp3", 44_100),
    "ts": ("mpegts", "aac", 44_100),
    "m4a": ("ipod", "alac", 44_100),
    "wav": ("wav", "pcm_s16le", 96_000),
}


@pytest.mark.parametrize("media_format", FORMATS)
def test_any_sound_becomes_flac_that_transcribe_takes(
    media_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, codec, rate = FORMATS[media_format]
    monkeypatch.setitem(CODECS, media_format, (container, codec))
    stage = Stage(encode(media_format, tone(2.0), rate=rate))
    converted = stage.convert(media_format, "sound")

    assert (converted.format, converted.source.key) == ("flac", "results/f/working.flac")
    assert converted.seconds == pytest.approx(2.0, abs=0.1)
    samples, rate = samples_of(stage.read(converted.source))
    assert rate == 16_000
    assert samples.shape[1] / rate == pytest.approx(2.0, abs=0.1)
    peak = np.abs(np.fft.rfft(samples[0, 4_000:20_000])).argmax()
    assert peak == pytest.approx(440, abs=3), "the same tone is heard"


def test_two_channels_stay_apart_and_more_are_mixed() -> None:
    stage = Stage(encode("wav", tone(1.0), silence(1.0), rate=96_000))
    samples, _ = samples_of(stage.read(stage.convert("wav", "sound").source))
    left, right = samples[0, ::2], samples[0, 1::2]
    assert np.abs(left).max() > 5_000
    assert np.abs(right).max() < 100


def test_sound_that_begins_later_than_the_pictures_is_heard_when_it_should() -> None:
    stage = Stage(film(form="mov", sound=tone(1.0), sound_at=1.0))
    samples, rate = samples_of(stage.read(stage.convert("mov", "sound").source))
    first = np.argmax(np.abs(samples[0]) > 2_000) / rate
    assert first == pytest.approx(1.0, abs=0.06)


def test_the_sound_of_a_video_is_taken_out_of_it() -> None:
    stage = Stage(film(form="mov", sound=tone(2.0)))
    converted = stage.convert("mov", "sound")
    with decoded(stage.read(converted.source)) as container:
        assert not container.streams.video
        assert len(container.streams.audio) == 1


def pictures_of(body: bytes) -> tuple[Any, list[Any]]:
    with decoded(body) as container:
        (track,) = container.streams.video
        frames = list(container.decode(track))
        return (track.codec_context.name, track.width, track.height), frames


def test_h264_in_another_container_is_not_encoded_again() -> None:
    body = film(form="matroska", sound=tone(2.0))
    stage = Stage(body)
    converted = stage.convert("mkv", "pictures")
    assert (converted.format, converted.source.key) == ("mp4", "results/f/working.mp4")
    assert converted.seconds == pytest.approx(2.0, abs=0.11)
    (codec, *size), frames = pictures_of(stage.read(converted.source))
    assert (codec, *size) == ("h264", 160, 96)
    _, originals = pictures_of(body)
    assert [frame.time for frame in frames] == [frame.time for frame in originals]
    assert all(
        np.array_equal(frame.to_ndarray(), original.to_ndarray())
        for frame, original in zip(frames, originals, strict=True)
    )


@pytest.mark.parametrize(
    ("container", "media_format", "codec"),
    [
        ("webm", "webm", "libvpx"),
        ("avi", "avi", "mpeg4"),
        ("mpeg", "mpg", "mpeg1video"),
        ("mp4", "mp4", "libx265"),
    ],
)
def test_other_pictures_are_encoded_and_keep_their_times(
    container: str, media_format: str, codec: str
) -> None:
    stage = Stage(film(form=container, codec=codec))
    converted = stage.convert(media_format, "pictures")
    (name, *_), frames = pictures_of(stage.read(converted.source))
    assert name == "h264"
    colours = [frame.to_ndarray(format="rgb24").mean(axis=(0, 1)) for frame in frames]
    assert np.abs(colours[0] - RED).max() < 25
    assert np.abs(colours[-1] - BLUE).max() < 25
    change = next(
        frame.time
        for frame, colour in zip(frames, colours, strict=True)
        if np.abs(colour - BLUE).max() < 25
    )
    assert change == pytest.approx(1.0, abs=0.11)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_pictures_that_are_encoded_stand_upright(rotation: int) -> None:
    stage = Stage(film(codec="libx265", rotation=rotation))
    (_, width, height), frames = pictures_of(stage.read(stage.convert("mp4", "pictures").source))
    assert (width, height) == ((96, 160) if rotation % 180 else (160, 96))
    assert {frame.rotation for frame in frames} == {0}


def test_the_times_of_a_variable_rate_are_kept() -> None:
    stage = Stage(film(codec="mpeg4", stays=(1, 3)))
    _, frames = pictures_of(stage.read(stage.convert("mp4", "pictures").source))
    assert [round(frame.time, 2) for frame in frames][:4] == [0.0, 0.04, 0.16, 0.2]


def test_a_large_picture_is_made_smaller() -> None:
    stage = Stage(film([(RED, 0.2)], codec="mpeg4", size=(2_560, 1_440)))
    (_, *size), _ = pictures_of(stage.read(stage.convert("mp4", "pictures").source))
    assert size == [1_920, 1_080]


def test_a_second_try_finds_what_the_first_one_made() -> None:
    stage = Stage(encode("wav", tone(1.0)))
    first = stage.convert("wav", "sound")
    stage.store.delete("inbox", "a")
    assert stage.convert("wav", "sound") == first


@pytest.mark.parametrize(
    ("body", "media_format", "track", "reason"),
    [
        (film(), "mp4", "sound", "no sound track"),
        (encode("wav", tone(0.5)), "wav", "pictures", "no pictures"),
        (b"FORM\0\0\0\0AIFF", "aiff", "sound", "can't be read"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "mp4", "pictures", "can't be read"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "hls", "sound", "can't be read"),
    ],
)
def test_what_can_not_be_converted_says_why(
    body: bytes, media_format: str, track: Track, reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        Stage(body).convert(media_format, track)


def test_a_file_that_breaks_off_gives_what_came_before() -> None:
    whole = encode("wav", tone(4.0))
    assert Stage(whole[: len(whole) // 2]).convert("wav", "sound").seconds == pytest.approx(2, 0.1)


@pytest.mark.parametrize("track", ["sound", "pictures"])
def test_converting_ends_before_the_function_does(track: Track) -> None:
    body = film(codec="mpeg4", sound=tone(2.0))
    with pytest.raises(InvalidInputError, match="longer than a function may run"):
        Stage(body).convert("mp4", track, left=10_000)


class BusyAfter(Hook):
    """Answers so many reads, and then no more."""

    def __init__(self, reads: int) -> None:
        self._left = reads

    def before(self, operation: str) -> None:
        """Count the reads."""
        self._left -= operation == "read_range"
        if self._left < 0:
            raise TransientError("S3 is busy.")


@pytest.mark.parametrize("reads", [0, 1, 2, 3])
def test_a_store_that_is_busy_on_the_way_is_told_as_such_and_not_taken_for_the_end(
    reads: int,
) -> None:
    """Half a recording would be worse than none; the task is tried again."""
    stage = Stage(encode("wav", tone(45.0), rate=96_000))
    stage.store.hook = BusyAfter(reads)
    with pytest.raises(TransientError):
        stage.convert("wav", "sound")
    assert not list(stage.store.list("results", "results/f/"))
