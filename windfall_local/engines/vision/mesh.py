"""468 points of a face: landmarks, pose, and how far the mouth is open.

The mesh's own numbering is MediaPipe's; z grows away from the viewer, in the unit of x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.detection import Candidate
from windfall_local.engines.vision.models import Models
from windfall_local.engines.vision.results import Pose

SIZE = 192
POINTS: dict[str, tuple[int, ...]] = {
    "eye_left": (33, 133, 159, 145),
    "eye_right": (362, 263, 386, 374),
    "mouth_left": (61,),
    "mouth_right": (291,),
    "nose": (1,),
    "left_eye_brow_left": (70,),
    "left_eye_brow_right": (107,),
    "left_eye_brow_up": (105,),
    "right_eye_brow_left": (336,),
    "right_eye_brow_right": (300,),
    "right_eye_brow_up": (334,),
    "left_eye_left": (33,),
    "left_eye_right": (133,),
    "left_eye_up": (159,),
    "left_eye_down": (145,),
    "right_eye_left": (362,),
    "right_eye_right": (263,),
    "right_eye_up": (386,),
    "right_eye_down": (374,),
    "nose_left": (98,),
    "nose_right": (327,),
    "mouth_up": (0,),
    "mouth_down": (17,),
    "upper_jawline_left": (234,),
    "mid_jawline_left": (172,),
    "chin_bottom": (152,),
    "mid_jawline_right": (397,),
    "upper_jawline_right": (454,),
}
"""Points of the mesh whose mean is a landmark. Pupils are absent: this mesh has no irises."""
LEVEL_PITCH = 12.0
"""Degrees: 108 portraits of people who look into the camera had -12 in the middle."""
KEYPOINTS = ("eye_left", "eye_right", "nose")
"""What blazeface's first keypoints are, for a face whose mesh does not hold."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """A face's mesh.

    Attributes:
        points: 468 x 3, pixels of the picture.
        flag: How sure the model is that there is a face, from 0 to 1; near 0 on true profiles.
    """

    points: Array
    flag: float

    def landmarks(self) -> dict[str, tuple[float, float]]:
        """Positions by name, in pixels."""
        named = {name: self.points[list(ids), :2].mean(0) for name, ids in POINTS.items()}
        return {name: (float(x), float(y)) for name, (x, y) in named.items()}

    def mouth_open(self) -> float:
        """The gap between the lips as a part of the mouth's width."""
        gap = np.linalg.norm(self.points[13] - self.points[14])
        width = np.linalg.norm(self.points[78] - self.points[308])
        return float(gap) / max(float(width), 1e-6)

    def pose(self) -> Pose:
        """Which way the face looks."""
        across = _unit(self.points[454] - self.points[234])
        down = self.points[152] - self.points[10]
        down = _unit(down - across * (down @ across))
        facing = -np.cross(across, down)
        return Pose(
            roll=float(np.degrees(np.arctan2(across[1], across[0]))),
            yaw=float(np.degrees(np.arctan2(facing[0], -facing[2]))),
            pitch=float(np.degrees(np.arcsin(np.clip(-facing[1], -1, 1)))) + LEVEL_PITCH,
        )


def _unit(vector: Array) -> Array:
    length = float(np.linalg.norm(vector))
    return vector / max(length, 1e-6)


def fit_mesh(models: Models, pixels: Array, candidate: Candidate) -> Mesh:
    """The mesh of a candidate, from a square that is turned as its eyes are."""
    square = candidate.square(1.4, candidate.tilt)
    outputs = models.run("facemesh", square.cut(pixels, SIZE) / np.float32(255))
    raw = outputs["mesh"].reshape(468, 3).astype(np.float64)
    depth = raw[:, 2:] * square.side / SIZE
    points = np.concatenate([square.to_picture(raw[:, :2], SIZE), depth], axis=1)
    return Mesh(points, float(outputs["flag"][0]))
