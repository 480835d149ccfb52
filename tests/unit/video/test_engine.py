"""Spans of videos, looked at in turns; sound; signatures that go on."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.recordings import silence, tone
from tests.fakes.video_engine import FakeVideoEngine, as_engine
from tests.fakes.videos import black, encode, pan, scene, still, title
from windfall_local.engines import EngineUnavailableError, InvalidMediaError
from windfall_local.engines.video import Span
from windfall_local.engines.video.engine import AvVideoEngine
from windfall_local.engines.video.places import MOST, Places


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    path = tmp_path / "moving.mp4"
    path.write_bytes(encode(pan(1, 100, step=4), options={"g": "30"}))
    return path


def looked(places: Places, path: Path, first: int, count: int) -> tuple[list[float], int, bool]:
    """The times of a span, how often a frame was looked at, and whether the video ended."""
    looks = []

    def look(frame: Any) -> list[int]:
        looks.append(frame.pts)
        return [len(looks)]

    found = places.look(("test",), path, Span(first, count, 0.4), look)
    return [at for at, _ in found.samples], len(looks), found.ended


def test_spans_follow_each_other(moving: Path) -> None:
    places = Places()
    times, looks, ended = looked(places, moving, 0, 10)
    assert times == pytest.approx([0.4 * number for number in range(10)])
    assert (looks, ended) == (10, False)
    assert looked(places, moving, 10, 10) == ([], 0, True)
    one, _, _ = looked(places, moving, 0, 4)
    other, _, ended = looked(places, moving, 4, 20)
    assert ([*one, *other], ended) == (times, True)


def test_a_place_that_was_lost_is_found_again(moving: Path) -> None:
    places = Places()
    whole = looked(places, moving, 0, 20)[0]
    assert looked(places, moving, 3, 3)[0] == whole[3:6]
    assert looked(places, moving, 7, 20) == (whole[7:], 3, True)


def test_many_videos_take_turns(tmp_path: Path) -> None:
    places = Places()
    paths = []
    for number in range(MOST + 2):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(encode(pan(number, 50, step=4)))
    for first in (0, 2, 4):
        for path in paths:
            assert looked(places, path, first, 2)[0] == pytest.approx(
                [0.4 * first, 0.4 * (first + 1)][: 5 - first]
            )


def test_what_has_not_changed_is_not_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "slides.mp4"
    slides = itertools.chain(
        still(title("FIRST"), 100), still(title("SECOND"), 100), still(title("SECONB"), 100)
    )
    path.write_bytes(encode(slides))
    times, looks, _ = looked(Places(), path, 0, 100)
    assert (len(times), looks) == (30, 3)


def test_signatures_go_on_after_a_time(moving: Path) -> None:
    engine = AvVideoEngine()
    whole = engine.sign(moving, None, 1000, 0.2)
    assert len(whole) == 100
    parts = [engine.sign(moving, None, 40, 0.2)]
    while len(parts[-1]) == 40:
        parts.append(engine.sign(moving, float(parts[-1][-1]["at"]), 40, 0.2))
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    again = AvVideoEngine().sign(moving, float(whole[36]["at"]), 1000, 0.2)
    np.testing.assert_array_equal(again, whole[37:])


def test_ten_bits_and_other_colours_are_signed_alike(tmp_path: Path) -> None:
    signed = []
    for pixels in ("yuv420p", "yuv444p", "yuv420p10le"):
        path = tmp_path / pixels
        path.write_bytes(encode(still(scene(2), 2), pixels=pixels, options={"qp": "5"}))
        signed.append(AvVideoEngine().sign(path, None, 1, 0.2)[0]["luma"].astype(int))
    for other in signed[1:]:
        assert np.abs(other - signed[0]).max() <= 3


def test_loudness_is_that_of_the_stretch(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    sound = np.concatenate([silence(1), tone(1, loudness=16_000), silence(2)])
    path.write_bytes(encode(still(black(), 100), sound=sound))
    engine = AvVideoEngine()
    assert engine.loudness(path, 0.0, 0.8) < 0.01
    assert engine.loudness(path, 1.2, 1.8) == pytest.approx(0.5, abs=0.1)
    assert engine.loudness(path, 2.5, 3.5) < 0.01


def test_a_video_without_sound_is_silent(moving: Path) -> None:
    assert AvVideoEngine().loudness(moving, 0, 2) == 0.0


def test_missing_models_are_named(moving: Path) -> None:
    def nowhere(name: str) -> Path:
        raise EngineUnavailableError(f"{name} is missing")

    with pytest.raises(EngineUnavailableError, match="centernet"):
        AvVideoEngine(nowhere).things(moving, Span(0, 1, 0.5), 0.3)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    path.write_bytes(encode([], sound=tone(1)))
    assert AvVideoEngine().probe(path).codec is None
    with pytest.raises(InvalidMediaError, match="no video track"):
        AvVideoEngine().sign(path, None, 1, 0.2)


def test_the_engines_fulfil_the_protocol() -> None:
    assert as_engine(FakeVideoEngine())
