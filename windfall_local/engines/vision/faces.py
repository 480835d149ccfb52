"""Faces: found, checked, described."""

from __future__ import annotations

import cv2
import numpy as np

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.detection import Candidate, FaceDetector
from windfall_local.engines.vision.mesh import KEYPOINTS, Mesh, fit_mesh
from windfall_local.engines.vision.models import Models
from windfall_local.engines.vision.objects import find_objects
from windfall_local.engines.vision.portrait import paint_portrait, read_expression
from windfall_local.engines.vision.quality import quality_of
from windfall_local.engines.vision.results import Box, Face, FaceDetail, Thing

MIN_SCORE = 0.7
MESH_HOLDS = 0.5
FOUND_AGAIN = 0.5
FOUND_AGAIN_IN_PERSON = 0.6
AGAIN_FACTORS = (2.0, 3.0, 5.0)
PERSON_SCORE = 0.3
"""Measured by bench/vision.py; docs/engines.md has the figures."""


def find_faces(models: Models, pixels: Array, detail: FaceDetail) -> list[Face]:
    """Every face, the largest first."""
    detector = FaceDetector(models)
    candidates = detector.candidates(pixels, MIN_SCORE)
    if not candidates:
        return []
    people: list[Thing] | None = None
    faces = []
    for candidate in candidates:
        mesh = fit_mesh(models, pixels, candidate)
        again = [detector.found_again(pixels, candidate, factor) for factor in AGAIN_FACTORS]
        confirmed = mesh.flag > MESH_HOLDS and min(again) > FOUND_AGAIN
        if not confirmed and float(np.mean(again)) > FOUND_AGAIN_IN_PERSON:
            if people is None:
                things = find_objects(models, pixels, PERSON_SCORE)
                people = [thing for thing in things if thing.name == "person"]
            confirmed = _in_person(candidate, people, pixels)
        if confirmed:
            faces.append(_describe(models, pixels, candidate, mesh, detail))
    return sorted(faces, key=lambda face: -face.box.area)


def _in_person(candidate: Candidate, people: list[Thing], pixels: Array) -> bool:
    x, y = candidate.center[0] / pixels.shape[1], candidate.center[1] / pixels.shape[0]
    return any(
        person.box.left <= x <= person.box.left + person.box.width
        and person.box.top <= y <= person.box.top + person.box.height
        for person in people
    )


def _describe(
    models: Models, pixels: Array, candidate: Candidate, mesh: Mesh, detail: FaceDetail
) -> Face:
    height, width = pixels.shape[:2]
    holds = mesh.flag > MESH_HOLDS
    points = mesh.landmarks() if holds else _keypoints(candidate)
    left, top, right, bottom = candidate.box
    portrait = None
    if detail.portrait or detail.descriptor:
        portrait = paint_portrait(models, pixels, candidate)
    return Face(
        box=Box(
            float(left / width),
            float(top / height),
            float((right - left) / width),
            float((bottom - top) / height),
        ),
        score=candidate.score,
        landmarks={name: (x / width, y / height) for name, (x, y) in points.items()},
        quality=quality_of(_part(pixels, candidate)),
        pose=mesh.pose() if holds else None,
        age=portrait.age if portrait and detail.portrait else None,
        male=portrait.male if portrait and detail.portrait else None,
        expression=read_expression(models, pixels, candidate)
        if holds and detail.expression
        else None,
        mouth_open=mesh.mouth_open() if holds else None,
        descriptor=tuple(portrait.descriptor.tolist()) if portrait and detail.descriptor else None,
    )


def _keypoints(candidate: Candidate) -> dict[str, tuple[float, float]]:
    pairs = zip(KEYPOINTS, candidate.keypoints, strict=False)
    return {name: (float(x), float(y)) for name, (x, y) in pairs}


def _part(pixels: Array, candidate: Candidate) -> Array:
    left, top, right, bottom = (max(0, round(float(side))) for side in candidate.box)
    part = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    # At one size, so that sharpness does not depend on how large the face is.
    return cv2.resize(part, (160, 160), interpolation=cv2.INTER_AREA)
