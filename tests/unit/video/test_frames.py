"""Frames on screen at given times, whatever the file's frame rate, rotation or state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.fakes.recordings import tone
from tests.fakes.videos import SIZE, encode, scene, still
from windfall_local.engines import InvalidMediaError
from windfall_local.engines.video.frames import Film, pixels_of, probe

Save = Callable[[bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(content: bytes) -> Path:
        path = tmp_path / "video"
        path.write_bytes(content)
        return path

    return write


def greys(levels: list[int]) -> Iterator[Any]:
    """Plain frames, each told by its brightness."""
    return (np.full((SIZE[1], SIZE[0], 3), level, np.uint8) for level in levels)


def shown(path: Path, first: int, every: float) -> list[tuple[float, int]]:
    film = Film(path)
    try:
        return [
            (at, round(float(pixels_of(frame, 64).mean())))
            for at, frame in film.shown(first, every)
        ]
    finally:
        film.close()


LADDER = [20 + 2 * number for number in range(100)]
"""Four seconds at 25 frames a second, each a bit brighter."""


@pytest.mark.parametrize("group", [5, 12, 250])
@pytest.mark.parametrize("ends", [0, 3], ids=["no B frames", "B frames"])
def test_each_time_has_the_frame_that_is_on_screen_then(save: Save, group: int, ends: int) -> None:
    options = {"g": str(group), "bf": str(ends), "sc_threshold": "0", "qp": "1"}
    path = save(encode(greys(LADDER), options=options))

    found = shown(path, 0, 0.5)

    assert [at for at, _ in found] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    for at, level in found:
        # Frames that no other frame needs are passed over: up to three are older.
        assert -8 <= level - LADDER[int(at * 25)] <= 2


def test_a_later_span_shows_what_the_whole_does(save: Save) -> None:
    path = save(encode(greys(LADDER), options={"g": "30", "bf": "2", "qp": "1"}))
    assert shown(path, 4, 0.4) == shown(path, 0, 0.4)[4:]
    assert shown(path, 10, 0.4) == []


def test_groups_without_a_sample_are_not_decoded(save: Save) -> None:
    content = encode(greys(LADDER), options={"g": "5", "bf": "0", "sc_threshold": "0", "qp": "1"})
    path = save(content)
    whole = shown(path, 0, 1)
    # Whatever is not needed for the frames at 0, 1, 2 and 3 seconds becomes garbage.
    ruined = bytearray(content)
    for number, (place, size) in enumerate(packets(path)):
        if number % 25 > 1:
            ruined[place + 5 : place + size] = bytes(size - 5)

    assert shown(save(bytes(ruined)), 0, 1) == whole


def packets(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(one.pos, one.size) for one in container.demux(video=0) if one.size]


def test_a_varying_rate_goes_by_timestamps(save: Save) -> None:
    path = save(encode(greys([50, 100, 150, 200]), times=[0, 0.1, 2.05, 2.4]))
    found = shown(path, 0, 0.5)
    assert [at for at, _ in found] == [0, 0.5, 1, 1.5, 2]
    assert [round(level / 50) for _, level in found] == [1, 2, 2, 2, 2]


def test_a_frame_stays_on_screen_until_the_video_ends(save: Save) -> None:
    path = save(encode(greys([50, 200]), rate=1))
    assert [at for at, _ in shown(path, 0, 0.5)] == [0, 0.5, 1, 1.5]


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_a_rotation_is_undone(save: Save, rotation: int) -> None:
    upright = scene(3)
    # A phone writes what its sensor sees, and how a player is to turn it to the left.
    turned = np.ascontiguousarray(np.rot90(upright, -rotation // 90))
    path = save(encode(still(turned, 5), rotation=rotation, options={"qp": "1"}))

    info = probe(path)
    film = Film(path)
    _, frame = next(film.shown(0, 1))
    pixels = pixels_of(frame, 1000)
    film.close()

    assert (info.width, info.height) == SIZE
    assert pixels.shape == upright.shape
    assert np.abs(pixels.astype(int) - upright).mean() < 4


def test_pixels_are_shrunk_to_the_longest_side(save: Save) -> None:
    film = Film(save(encode(still(scene(1), 2))))
    _, frame = next(film.shown(0, 1))
    assert pixels_of(frame, 160).shape == (90, 160, 3)
    film.close()


def test_a_file_says_what_is_in_it(save: Save) -> None:
    path = save(encode(still(scene(1), 50), sound=tone(2)))
    info = probe(path)
    assert (info.format, info.codec, info.rate, info.full_range) == ("mp4", "h264", 25.0, False)
    assert info.seconds == pytest.approx(2)
    (sound,) = info.sounds
    assert (sound.codec, sound.channels, sound.rate) == ("aac", 1, 16_000)
    assert sound.seconds == pytest.approx(2, abs=0.1)


def test_a_video_without_sound_has_no_sound_track(save: Save) -> None:
    assert probe(save(encode(still(scene(1), 5)))).sounds == ()


def test_a_file_that_breaks_off_gives_what_came_before(save: Save) -> None:
    # With its index in front, as phones and streams write it.
    options = {"g": "10", "bf": "0", "qp": "1"}
    content = encode(greys(LADDER), options=options, form="mp4", index_first=True)
    path = save(content[: len(content) // 2])
    found = shown(path, 0, 0.5)
    assert 1 <= len(found) < 8
    assert [at for at, _ in found] == [0.5 * number for number in range(len(found))]


def test_a_file_that_has_lost_its_index_is_refused(save: Save) -> None:
    content = encode(greys(LADDER))
    with pytest.raises(InvalidMediaError):
        probe(save(content[: len(content) // 2]))


@pytest.mark.parametrize("content", [b"", b"<html>", bytes(5000)])
def test_what_is_no_video_is_refused(save: Save, content: bytes) -> None:
    with pytest.raises(InvalidMediaError):
        probe(save(content))


def test_every_frame_comes_once_with_its_time(save: Save) -> None:
    path = save(encode(greys(LADDER[:30]), options={"bf": "2", "g": "10"}))
    film = Film(path)
    times = [at for at, _ in film.every(None)]
    film.close()
    assert times == pytest.approx([number / 25 for number in range(30)])
    film = Film(path)
    assert [at for at, _ in film.every(times[17])] == times[17:]
    film.close()
