"""Films that are composed with known cuts and fades: camera, motion, noise, flicker and flashes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image

DEMO = Path(__file__).parents[1] / "demo"
RATE = 25
Kind = Literal["cut", "dissolve", "fade", "fade to white"]
KINDS: tuple[Kind, ...] = ("cut", "dissolve", "fade", "fade to white")


@dataclass(frozen=True, slots=True)
class Change:
    """From the last frame of a shot to the first of the next."""

    kind: Kind
    last: int
    first: int


@dataclass
class Film:
    """A film and what is known of it.

    Attributes:
        frames: Its pictures.
        changes: Filled while the pictures are taken.
    """

    frames: Iterator[Any]
    changes: list[Change]


def compose(seed: int, shots: int, size: tuple[int, int] = (640, 360)) -> Film:
    """A film of so many shots, another for each seed."""
    changes: list[Change] = []
    return Film(_frames(np.random.default_rng(seed), shots, size, changes), changes)


def _frames(rng: Any, shots: int, size: tuple[int, int], changes: list[Change]) -> Iterator[Any]:
    """Shot after shot; in a transition both go on."""
    count = 0
    current = _shot(rng, size)
    for number in range(shots):
        for frame in itertools.islice(current, int(rng.integers(RATE // 2, 6 * RATE))):
            count += 1
            yield frame
        if number == shots - 1:
            return
        kind: Any = rng.choice(KINDS, p=[0.6, 0.15, 0.15, 0.1])
        one, current = current, _shot(rng, size)
        last = count - 1
        for frame in _transition(kind, one, current, int(rng.integers(8, 40))):
            count += 1
            yield frame
        changes.append(Change(kind, last, count))


def _transition(kind: Kind, one: Iterator[Any], other: Iterator[Any], length: int) -> Iterator[Any]:
    if kind == "cut":
        return
    if kind == "dissolve":
        yield from _blend(one, other, length)
        return
    colour = 255 if kind == "fade to white" else 0
    empty = (np.full_like(frame, colour) for frame in one)
    yield from _blend(one, empty, length)
    yield from itertools.islice(empty, length // 3)
    yield from _blend(empty, other, length)


def _blend(one: Iterator[Any], other: Iterator[Any], length: int) -> Iterator[Any]:
    for step, early, late in zip(range(1, length + 1), one, other, strict=False):
        part = step / (length + 1)
        yield cv2.addWeighted(early, 1 - part, late, part, 0)


# --- Shots --------------------------------------------------------------------------------------


def _shot(rng: Any, size: tuple[int, int]) -> Iterator[Any]:
    """One camera on one thing, as long as it is looked at."""
    picture = _picture(rng, size)
    camera = str(rng.choice(["still", "pan", "fast pan", "zoom", "hand"]))
    flash = int(rng.integers(0, 150)) if rng.random() < 0.3 else -10
    flicker, grain = float(rng.choice([0, 0, 3])), float(rng.choice([0, 2, 5]))
    ball = _ball(rng, size) if rng.random() < 0.5 else None
    noise = rng.normal(0, grain, (size[1], size[0], 1)).astype(np.float32)
    for frame in itertools.count():
        view = _view(picture, size, camera, frame, rng)
        if ball is not None:
            ball(view, frame)
        view += float(rng.normal(0, flicker)) + (120 if flash <= frame < flash + 2 else 0)
        if grain:
            view += np.roll(noise, tuple(rng.integers(0, 300, 2)), axis=(0, 1))
        yield np.clip(view, 0, 255, out=view).astype(np.uint8)


def _picture(rng: Any, size: tuple[int, int]) -> Any:
    """Twice as large as the frame, for the camera to move over."""
    wide = (2 * size[0], 2 * size[1])
    kind = rng.choice(["photo", "soft", "sharp", "dark"])
    if kind == "photo":
        with Image.open(DEMO / rng.choice(["portrait.jpg", "page.png"])) as image:
            photo = np.asarray(image.convert("RGB"))
        picture = cv2.resize(photo, wide, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(np.roll(picture, int(rng.integers(3)), axis=2))
    grid = (5, 8) if kind == "soft" else (30, 50)
    low, high = (5, 60) if kind == "dark" else (10, 245)
    tiles = rng.integers(low, high, (*grid, 3)).astype(np.uint8)
    way = cv2.INTER_NEAREST if kind == "sharp" else cv2.INTER_CUBIC
    return cv2.resize(tiles, wide, interpolation=way)


def _view(picture: Any, size: tuple[int, int], camera: str, frame: int, rng: Any) -> Any:
    width, height = size
    x, y, scale = width / 2, height / 2, 1.0
    if camera in ("pan", "fast pan"):
        # There and back again: it never stands still.
        way = frame * (1.5 if camera == "pan" else 7) / width
        x = width * 0.95 * abs((way + 1) % 2 - 1)
    if camera == "zoom":
        scale = 1 + 0.4 * min(1.0, frame / 150)
        x, y = width - width * scale / 2, height - height * scale / 2
    if camera == "hand":
        x, y = x + rng.normal(0, 3), y + rng.normal(0, 3)
    move = np.array([[scale, 0, x], [0, scale, y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, move, size, flags=flags).astype(np.float32)


def _ball(rng: Any, size: tuple[int, int]) -> Any:
    """Something that crosses the picture."""
    radius = int(rng.integers(size[1] // 12, size[1] // 4))
    colour = [int(value) for value in rng.integers(0, 255, 3)]
    start, speed = rng.uniform(0, 1, 2) * size, rng.normal(0, size[0] / 80, 2)
    room = np.array(size) + 4 * radius

    def draw(view: Any, frame: int) -> None:
        # It leaves the picture before it comes in again at the other side.
        x, y = (int(value) for value in (start + speed * frame) % room - 2 * radius)
        cv2.circle(view, (x, y), radius, colour, -1)

    return draw
