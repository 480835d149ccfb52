"""Models' outputs to faces, objects, ages: on tensors made by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines.vision.crops import Square
from windfall_local.engines.vision.detection import (
    ANCHORS,
    Candidate,
    decode,
    keep_best,
    overlap,
)
from windfall_local.engines.vision.mesh import LEVEL_PITCH, POINTS, Mesh
from windfall_local.engines.vision.objects import NAMES
from windfall_local.engines.vision.objects import decode as decode_objects
from windfall_local.engines.vision.portrait import decode_age


def candidate(left: float, top: float, side: float, score: float) -> Candidate:
    box = np.array([left, top, left + side, top + side])
    return Candidate(box, score, np.zeros((6, 2)))


def blazeface(index: int, score: float, row: list[float]) -> dict[str, Any]:
    scores, boxes = np.full((896, 1), -100.0), np.zeros((896, 16))
    scores[index] = math.log(score / (1 - score))
    boxes[index, : len(row)] = row
    return {
        "scores_16": scores[:512],
        "scores_32": scores[512:],
        "boxes_16": boxes[:512],
        "boxes_32": boxes[512:],
    }


@pytest.mark.parametrize(("index", "anchor"), [(0, (8, 8)), (2, (24, 8)), (512, (16, 16))])
def test_a_face_lies_relative_to_its_anchor(index: int, anchor: tuple[int, int]) -> None:
    (face,) = decode(blazeface(index, 0.9, [4, 2, 10, 20, 1, 1]), 0.5)
    x, y = anchor
    assert face.box.tolist() == [x - 1, y - 8, x + 9, y + 12]
    assert face.keypoints[0].tolist() == [x + 1, y + 1]
    assert face.score == pytest.approx(0.9)


def test_unlikely_faces_are_left_out() -> None:
    assert decode(blazeface(100, 0.4, [0, 0, 9, 9]), 0.5) == []
    assert ANCHORS.shape == (896, 2)


def test_of_one_face_found_twice_the_surer_stays() -> None:
    found = [candidate(0, 0, 10, 0.8), candidate(1, 1, 10, 0.9), candidate(50, 0, 10, 0.7)]
    assert [one.score for one in keep_best(found)] == [0.9, 0.7]


def test_a_face_cut_by_a_crops_edge_goes_with_the_whole_one() -> None:
    part = Candidate(np.array([0.0, 0, 3, 10]), 0.75, np.zeros((6, 2)))
    assert len(keep_best([candidate(0, 0, 10, 0.9), part])) == 1


def test_overlap_is_one_for_the_same_and_nothing_apart() -> None:
    box = np.array([0.0, 0, 4, 4])
    assert overlap(box, box) == 1
    assert overlap(box, box + 10) == 0
    assert overlap(box, np.array([2.0, 0, 6, 4])) == pytest.approx(1 / 3)


squares = st.builds(
    Square, st.floats(-100, 100), st.floats(-100, 100), st.floats(1, 500), st.floats(-3, 3)
)


@given(squares, st.floats(0, 64), st.floats(0, 64))
def test_a_point_of_a_crop_finds_its_way_back(square: Square, u: float, v: float) -> None:
    back = square.to_picture(np.array([[u, v], [32.0, 32.0]]), 64)
    assert back[1] == pytest.approx([square.x, square.y], abs=1e-6)
    distance = math.hypot(u - 32, v - 32) * square.side / 64
    assert math.hypot(*(back[0] - back[1])) == pytest.approx(distance, abs=1e-6)


@pytest.mark.parametrize("side", [20, 300])
def test_a_crop_shows_what_lies_there_and_black_beyond_the_edge(side: int) -> None:
    pixels: Any = np.zeros((400, 400, 3), np.uint8)
    pixels[:200] = 255
    crop = Square(200, 200, side).cut(pixels, 32)
    assert crop.shape == (32, 32, 3)
    assert crop[:14].min() == 255
    assert crop[18:].max() == 0
    assert Square(900, 900, side).cut(pixels, 32).max() == 0


def test_a_profiles_eyes_do_not_tilt_it() -> None:
    eyes = np.zeros((6, 2))
    eyes[1] = 1, 8
    assert Candidate(np.array([0.0, 0, 100, 100]), 0.9, eyes).tilt == 0
    eyes[1] = 40, 40
    assert Candidate(np.array([0.0, 0, 100, 100]), 0.9, eyes).tilt == pytest.approx(math.pi / 4)


def face_looking(yaw: float = 0, pitch: float = 0, roll: float = 0) -> Mesh:
    """A flat face, turned."""
    points = np.zeros((468, 3))
    points[[234, 454]] = [[-1, 0, 0], [1, 0, 0]]
    points[[10, 152]] = [[0, -1, 0], [0, 1, 0]]
    a, b, c = np.radians([yaw, pitch - LEVEL_PITCH, roll])
    about_y = [[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]]
    about_x = [[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return Mesh(points @ np.array(about_z).T @ np.array(about_x).T @ np.array(about_y).T, 1.0)


@pytest.mark.parametrize("turn", ["yaw", "pitch", "roll"])
@pytest.mark.parametrize("degrees", [-30.0, 20.0])
def test_a_turned_face_has_the_pose_it_was_turned_to(turn: str, degrees: float) -> None:
    pose = face_looking(**{turn: degrees, **({} if turn == "pitch" else {"pitch": LEVEL_PITCH})})
    assert getattr(pose.pose(), turn) == pytest.approx(degrees, abs=1e-6)


def test_an_open_mouth_is_measured_by_its_width() -> None:
    points: Any = np.zeros((468, 3))
    points[[78, 308]] = [[-2, 0, 0], [2, 0, 0]]
    points[[13, 14]] = [[0, -0.5, 0], [0, 0.5, 0]]
    assert Mesh(points, 1.0).mouth_open() == pytest.approx(0.25)


def test_landmarks_name_points_of_the_mesh_on_the_viewers_side() -> None:
    points: Any = np.arange(468 * 3, dtype=float).reshape(468, 3)
    landmarks = Mesh(points, 1.0).landmarks()
    assert set(landmarks) == set(POINTS)
    assert landmarks["nose"] == (3.0, 4.0)


def centernet(*peaks: tuple[int, int, int, float]) -> tuple[Any, Any]:
    heat, extents = np.zeros((128, 128, 80)), np.full((128, 128, 4), 20.0)
    for row, column, index, score in peaks:
        heat[row, column, index] = score
    return heat, extents


def test_a_peak_becomes_an_object_with_its_extents() -> None:
    ((index, score, corners),) = decode_objects(*centernet((10, 30, 15, 0.8)), 0.3)
    assert (NAMES[index], score) == ("cat", 0.8)
    assert corners.tolist() == [100, 20, 140, 60]


def test_beside_a_peak_its_slopes_are_no_objects() -> None:
    found = decode_objects(*centernet((10, 30, 0, 0.8), (10, 31, 0, 0.7), (60, 60, 0, 0.5)), 0.3)
    assert [score for _, score, _ in found] == [0.8, 0.5]


def test_overlapping_objects_stay_when_they_are_of_different_classes() -> None:
    found = decode_objects(*centernet((10, 30, 0, 0.8), (10, 33, 0, 0.7), (10, 33, 41, 0.6)), 0.3)
    assert [NAMES[index] for index, _, _ in found] == ["person", "cup"]


def test_there_are_eighty_classes() -> None:
    assert len(set(NAMES)) == 80


def test_age_is_the_mean_of_the_likeliest_years() -> None:
    years = np.zeros(100)
    years[[29, 31]] = 0.5
    mean, deviation = decode_age(years)
    assert mean == pytest.approx(31)
    assert deviation == pytest.approx(1)
