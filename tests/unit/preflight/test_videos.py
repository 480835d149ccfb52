"""Videos: told by their bytes; what one half can't give is skipped for that half only."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.films import film
from tests.fakes.recordings import encode, tone
from tests.fakes.storage import FakeObjectStore
from tests.fakes.world import World
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.audio import MediaFacts
from windfall.contracts.base import S3Pointer
from windfall.contracts.subject import Kind
from windfall.contracts.video import PictureFacts
from windfall.errors import InvalidInputError
from windfall.ports.storage import ObjectHead
from windfall.preflight.containers import (
    BrokenContainerError,
    Pictures,
    Tracks,
    asf_tracks,
    avi_tracks,
    flv_tracks,
)
from windfall.preflight.media import inspect_media
from windfall.preflight.mp4 import mp4_tracks
from windfall.preflight.snapshot import WHOLE_UP_TO, Snapshot, snapshot_of
from windfall.preflight.videos import inspect_video

HOUR = 3_600


def admitted(body: bytes, **options: str) -> AnalysisInput:
    world = World()
    metadata = {f"windfall-{name}": value for name, value in options.items()}
    world.admit_all(world.drop("a.bin", body, metadata))
    (plan,) = world.workflows.started.values()
    return plan


def rejected(body: bytes) -> str:
    world = World()
    world.admit_all(world.drop("a.mp4", body))
    manifest = world.only_manifest()
    assert manifest.status == "rejected"
    return manifest.reason or ""


def facts(plan: AnalysisInput) -> tuple[MediaFacts, PictureFacts]:
    assert plan.media is not None
    assert plan.media.pictures is not None
    return plan.media, plan.media.pictures


FORMS: dict[str, tuple[dict[str, Any], str, str, bool, bool]] = {
    # how it is made: format, codec, are the pictures converted, is the sound
    "phone": ({}, "mp4", "h264", False, False),
    "QuickTime": ({"form": "mov"}, "mov", "h264", False, True),
    "HEVC": ({"codec": "libx265"}, "mp4", "hevc", True, False),
    "AV1": ({"codec": "libsvtav1"}, "mp4", "av1", True, False),
    "MPEG-4": ({"codec": "mpeg4"}, "mp4", "mpeg4", True, False),
    "3GP": ({"form": "3gp", "codec": "mpeg4"}, "3gp", "mpeg4", True, True),
    "Matroska": ({"form": "matroska"}, "mkv", "h264", True, True),
    "AVI": ({"form": "avi", "codec": "mpeg4"}, "avi", "mpeg4", True, True),
}


@pytest.mark.parametrize("case", FORMS)
def test_videos_are_taken_as_they_are_or_converted_half_by_half(case: str) -> None:
    how, file_format, codec, pictures_are, sound_is = FORMS[case]
    plan = admitted(film(sound=tone(2.0), **how))
    assert (plan.kind, plan.file.format) == (Kind.VIDEO, file_format)
    media, pictures = facts(plan)
    assert media.seconds == pytest.approx(2.0, abs=0.15)
    assert (pictures.codec, pictures.width, pictures.height) == (codec, 160, 96)
    assert pictures.frame_rate == pytest.approx(25, abs=0.5)
    assert (pictures.convert, media.convert) == (pictures_are, sound_is)
    assert plan.audio is not None
    assert plan.video is not None
    assert not plan.skipped


@pytest.mark.parametrize(
    ("form", "codec", "file_format"),
    [("webm", "libvpx", "webm"), ("flv", "flv", "flv"), ("asf", "wmv2", "wmv")],
)
def test_containers_that_tell_little_are_taken_too(form: str, codec: str, file_format: str) -> None:
    plan = admitted(film(form=form, codec=codec))
    assert (plan.kind, plan.file.format) == (Kind.VIDEO, file_format)
    assert facts(plan)[1].convert is True


@pytest.mark.parametrize(("form", "file_format"), [("mpeg", "mpg"), ("mpegts", "ts")])
def test_streams_are_told_by_their_packets(form: str, file_format: str) -> None:
    plan = admitted(film(form=form, codec="mpeg1video"))
    assert (plan.kind, plan.file.format) == (Kind.VIDEO, file_format)


def test_a_video_without_sound_has_its_transcript_skipped_and_nothing_failed() -> None:
    plan = admitted(film())
    assert plan.audio is None
    assert plan.text is None
    assert [(one.feature, one.reason) for one in plan.skipped] == [
        ("transcript", "The video has no sound track.")
    ]
    assert plan.video is not None
    assert len(plan.video.features) == 5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_portrait_video_is_told_by_its_rotation(rotation: int) -> None:
    assert facts(admitted(film(rotation=rotation)))[1].rotation == rotation


def test_a_variable_frame_rate_is_told() -> None:
    assert facts(admitted(film(stays=(1, 3))))[1].variable is True
    assert facts(admitted(film()))[1].variable is False


def test_a_clock_that_can_not_tell_the_rate_exactly_makes_none_that_varies() -> None:
    """Thirtieths of a second in milliseconds are 33, 33 and 34."""
    body = film(form="mov", times=[round(number / 30, 3) for number in range(50)])
    assert facts(admitted(body))[1].variable is False


def test_a_video_is_looked_at_and_not_fetched() -> None:
    world = World()
    body = film(sound=tone(2.0)) + bytes(WHOLE_UP_TO)
    world.admit_all(world.drop("long.mp4", body))
    (plan,) = world.workflows.started.values()
    assert plan.kind is Kind.VIDEO
    assert not any(source.read_bytes for source in world.store.opened)


def test_sound_in_a_container_of_videos_is_a_recording() -> None:
    assert admitted(encode("mp4", tone(2.0))).kind is Kind.AUDIO


def test_cut_off_and_protected_videos_are_rejected_with_a_reason() -> None:
    whole = film(sound=tone(2.0))
    assert "broken or cut off (MP4)" in rejected(whole[: len(whole) * 2 // 3])
    index_first = (Path(__file__).parents[3] / "demo/clip.mp4").read_bytes()
    assert "broken or cut off (MP4)" in rejected(index_first[:-1_000])
    assert "protected against copying" in rejected(whole.replace(b"avc1\0\0\0\0", b"encv\0\0\0\0"))


def test_features_that_are_asked_for_go_before_the_profile() -> None:
    plan = admitted(film(sound=tone(2.0)), features="labels,moderation,sentiment")
    assert plan.video is not None
    assert plan.text is not None
    chosen = [(one.feature, one.min_confidence) for one in plan.video.features]
    assert chosen == [("labels", 55), ("moderation", 55)]
    assert [one.feature for one in plan.text.features] == ["sentiment"]


def test_only_the_sound_or_only_the_pictures_may_be_wanted() -> None:
    body = film(sound=tone(2.0))
    plan = admitted(body, features="sentiment")
    assert plan.video is not None
    assert plan.video.features == []
    world = World()
    world.profiles.documents["default"] = '{"video": {"sound": false, "thumbnails": false}}'
    world.admit_all(world.drop("a.mp4", body))
    (plan,) = world.workflows.started.values()
    assert (plan.audio, plan.text, plan.skipped) == (None, None, [])
    assert plan.video is not None
    assert plan.video.thumbnails is False


def judged(tracks: Tracks, size: int = 1_000_000, named: str = "mp4") -> Any:
    pointer = S3Pointer(bucket="inbox", key="a.mp4")
    head = ObjectHead(pointer=pointer, size=size, etag="e", media_type="", metadata={})
    snapshot = Snapshot(head, size, "0" * 64, io.BytesIO())
    assert tracks.pictures is not None
    return inspect_video(snapshot, named, tracks, tracks.pictures)


H264, HEVC = Pictures("h264", 1920, 1080), Pictures("hevc", 1920, 1080)


def test_beyond_six_hours_the_pictures_are_skipped_and_the_sound_goes_on() -> None:
    found = judged(Tracks(True, H264, 7 * HOUR))
    assert "7:00:00, and Rekognition takes 6 hours" in found.no_pictures
    assert found.no_sound is None


def test_beyond_ten_gigabytes_the_pictures_are_skipped_and_the_sound_is_converted() -> None:
    found = judged(Tracks(True, H264, HOUR), size=11_000_000_000)
    assert "11 GB, and Rekognition takes 10 GB" in found.no_pictures
    assert found.media.convert is True


def test_a_long_video_in_another_codec_is_not_encoded_and_says_so() -> None:
    found = judged(Tracks(True, HEVC, HOUR))
    assert "HEVC can be converted to 30 minutes, and the video has 60" in found.no_pictures
    assert judged(Tracks(True, HEVC, 1_700)).no_pictures is None
    # The container alone is changed quickly.
    assert judged(Tracks(True, H264, 5 * HOUR), named="mkv").no_pictures is None


@pytest.mark.parametrize(
    ("tracks", "size"),
    [
        (Tracks(True, H264, 9 * HOUR), 1_000_000),
        (Tracks(False, H264, 7 * HOUR), 1_000_000),
        (Tracks(True, H264, HOUR), 25_000_000_000),
    ],
)
def test_a_video_of_which_no_half_can_be_taken_is_rejected(tracks: Tracks, size: int) -> None:
    with pytest.raises(InvalidInputError, match="Rekognition takes"):
        judged(tracks, size)


def test_skipped_pictures_are_planned_as_such() -> None:
    world = World()
    body = bytearray(film(sound=tone(2.0), codec="libx265"))
    place = body.index(b"mvhd")
    scale, _ = struct.unpack_from(">II", body, place + 16)
    struct.pack_into(">I", body, place + 20, scale * 2 * HOUR)
    world.admit_all(world.drop("long.mp4", bytes(body)))
    (plan,) = world.workflows.started.values()
    assert plan.video is not None
    assert plan.video.features == []
    assert {one.feature for one in plan.skipped} == {
        "labels",
        "faces",
        "text",
        "segments",
        "celebrities",
    }


WHOLE = {
    "mp4": film(sound=tone(1.0)),
    "matroska": film(form="matroska"),
    "avi": film(form="avi", codec="mpeg4"),
    "asf": film(form="asf", codec="wmv2"),
    "flv": film(form="flv", codec="flv"),
}


@pytest.mark.parametrize("container", WHOLE)
@given(data=st.data())
def test_a_damaged_video_is_taken_or_refused_and_breaks_nothing(
    container: str, data: st.DataObject
) -> None:
    body = bytearray(WHOLE[container])
    head = min(len(body), 600)
    for _ in range(data.draw(st.integers(1, 8))):
        # The index of an MP4 lies at its end.
        place = data.draw(st.integers(0, head - 1))
        body[-place - 1 if container == "mp4" else place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(16, len(body)))
    store = FakeObjectStore()
    pointer = store.drop("inbox", "a", bytes(body[:cut]))
    with snapshot_of(store.open(pointer)) as snapshot, contextlib.suppress(InvalidInputError):
        inspect_media(snapshot, container)


@given(st.binary(max_size=400))
def test_headers_of_any_bytes_are_read_or_refused(body: bytes) -> None:
    stream = io.BytesIO(body)
    for read in (asf_tracks, avi_tracks, flv_tracks):
        with contextlib.suppress(BrokenContainerError):
            read(stream)
    with contextlib.suppress(BrokenContainerError):
        mp4_tracks(stream, len(body))
