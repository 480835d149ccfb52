"""Cuts, fades, flashes, black and bars, in videos that are composed with known ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.videos import RATE, bars, black, blend, encode, pan, scene, still, title
from windfall_local.engines.video.places import Places
from windfall_local.engines.video.shots import find_shots
from windfall_local.engines.video.signatures import SIGNATURE, signature_of
from windfall_local.engines.video.stretches import Stretch, find_runs


def signed(path: Path, pictures: Iterable[Any], black_level: float = 0.2, **form: Any) -> Any:
    path.write_bytes(encode(pictures, **form))
    return np.array(
        [
            signature_of(at, frame, black_level, film.full_range)
            for film, at, frame in Places().frames(path, None, 10_000)
        ],
        SIGNATURE,
    )


@pytest.fixture
def shots(tmp_path: Path) -> Any:
    def find(*parts: Iterable[Any]) -> list[tuple[int, int]]:
        signatures = signed(tmp_path / "video", itertools.chain(*parts))
        return [(shot.first, shot.last) for shot in find_shots(signatures, RATE)]

    return find


def test_hard_cuts_are_found_to_the_frame(shots: Any) -> None:
    parts = [pan(number, length) for number, length in ((1, 30), (2, 17), (3, 45), (4, 8))]
    assert shots(*parts) == [(0, 29), (30, 46), (47, 91), (92, 99)]


def test_a_video_without_cuts_is_one_shot(shots: Any) -> None:
    assert shots(pan(1, 100, step=3)) == [(0, 99)]
    assert shots(still(scene(1), 1)) == [(0, 0)]


def test_a_fast_camera_is_no_cut(shots: Any) -> None:
    assert shots(pan(1, 60, step=12)) == [(0, 59)]


def test_a_flash_is_no_cut(shots: Any) -> None:
    bright = np.full_like(scene(1), 250)
    assert shots(still(scene(1), 40), still(bright, 2), still(scene(1), 40)) == [(0, 81)]


def test_what_comes_into_a_part_of_the_picture_is_no_cut(shots: Any) -> None:
    with_sign = scene(1).copy()
    with_sign[110:160, 40:200] = (250, 250, 40)
    assert shots(still(scene(1), 40), still(with_sign, 40)) == [(0, 79)]


def test_light_that_grows_is_no_dissolve(shots: Any) -> None:
    dim = scene(4) // 3
    assert shots(still(dim, 40), blend(dim, scene(4), 40), still(scene(4), 40)) == [(0, 119)]


@pytest.mark.parametrize("length", [8, 20, 40])
def test_a_dissolve_belongs_to_no_shot(shots: Any, length: int) -> None:
    one, other = scene(1), scene(2)
    (first, second) = shots(still(one, 50), blend(one, other, length), still(other, 50))
    assert first[0] == 0
    assert second[1] == 99 + length
    assert first[1] == pytest.approx(49, abs=2)
    assert second[0] == pytest.approx(50 + length, abs=2)


@pytest.mark.parametrize("dark", [0, 12, 60])
def test_a_fade_through_black_is_one_transition(shots: Any, dark: int) -> None:
    one, other = scene(5), scene(6)
    (first, second) = shots(
        still(one, 50),
        blend(one, black(), 20),
        still(black(), dark),
        blend(black(), other, 20),
        still(other, 50),
    )
    assert first == (0, pytest.approx(49, abs=2))
    assert second == (pytest.approx(90 + dark, abs=2), 139 + dark)


def test_black_between_hard_cuts_is_a_shot_of_its_own(shots: Any) -> None:
    assert shots(pan(1, 30), still(black(), 20), pan(2, 30)) == [(0, 29), (30, 49), (50, 79)]


def test_titles_that_change_are_cuts(shots: Any) -> None:
    parts = [still(title("ONE"), 25), still(scene(9), 25), still(title("TWO"), 25)]
    assert shots(*parts) == [(0, 24), (25, 49), (50, 74)]


def test_cuts_and_fades_at_sixty_frames_a_second(tmp_path: Path) -> None:
    one, other = scene(1), scene(2)
    parts = itertools.chain(
        pan(3, 90, step=1), still(one, 90), blend(one, other, 45), still(other, 90)
    )
    found = find_shots(signed(tmp_path / "video", parts, rate=60), 60)
    assert [(shot.first, shot.last) for shot in found] == [
        (0, 89),
        (90, pytest.approx(179, abs=3)),
        (pytest.approx(225, abs=3), 314),
    ]


def test_nothing_has_no_shots() -> None:
    assert find_shots(np.zeros(0, SIGNATURE), 25) == []


def test_a_sure_cut_is_surer_than_a_faint_one(tmp_path: Path) -> None:
    grey = [np.full_like(scene(1), level) for level in (90, 115, 200)]
    parts = itertools.chain.from_iterable(still(level, 30) for level in grey)
    first, second, third = find_shots(signed(tmp_path / "video", parts), RATE)
    assert 0.5 <= first.confidence == second.confidence < third.confidence


# --- Runs ---------------------------------------------------------------------------------------


def test_runs_bridge_small_gaps_and_leave_short_ones() -> None:
    flags = np.array([0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0], bool)
    assert find_runs(flags, 1) == [Stretch(1, 3, 1.0), Stretch(5, 6, 1.0), Stretch(10, 10, 1.0)]
    assert find_runs(flags, 2, gap=1) == [Stretch(1, 6, 5 / 6)]
    assert find_runs(np.zeros(4, bool), 1) == []


def test_black_is_told_by_its_pixels(tmp_path: Path) -> None:
    dim = np.full_like(black(), 30)
    speck = black()
    speck[:60, :60] = 255
    parts = list(itertools.chain(still(black(), 3), still(dim, 3), still(speck, 3)))
    lax = signed(tmp_path / "video", parts)
    strict = signed(tmp_path / "video", parts, black_level=0.05)
    assert lax["black"][:6] == pytest.approx(1, abs=0.01)
    assert strict["black"][3:6] == pytest.approx(0, abs=0.01)
    assert lax["black"][6:] == pytest.approx(1 - 60 * 60 / (320 * 180), abs=0.02)


@pytest.mark.parametrize("size", [(320, 180), (640, 480)])
def test_bars_are_told_from_other_pictures(tmp_path: Path, size: tuple[int, int]) -> None:
    mirrored = np.ascontiguousarray(bars(size)[:, ::-1])
    parts = [bars(size), mirrored, scene(3, size), title("BARS", size), black(size)]
    signatures = signed(tmp_path / "video", parts, options={"qp": "10"})
    assert list(signatures["bars"]) == [1, 0, 0, 0, 0]
