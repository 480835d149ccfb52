"""Measures the vision engine: right and wrong answers, time, memory.

    python -m bench.vision     writes bench/results/vision.json

What is true of the samples was checked by eye. The rest is made here: pages of text in several
sizes, and the astronaut's portrait made small, dark, blurred, turned and mirrored.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from bench.samples import samples
from windfall_local.engines.vision.engine import VisionEngine
from windfall_local.engines.vision.results import FaceDetail

ROOT = Path(__file__).parents[1]
FAMILY = "pexels-agung-pandit-wiguna-1128316.jpg"
FACES = {
    "astronaut.png": 1,
    "chelsea.png": 0,
    "coffee.png": 0,
    "page.png": 0,
    FAMILY: 3,
    "simple-document-image.jpg": 0,
    "spanish.jpg": 0,
}
OBJECTS = {"astronaut.png": "person", "chelsea.png": "cat", "coffee.png": "cup", FAMILY: "person"}
WORDS = {
    "page.png": "Region-based segmentation Let us first determine markers of the coins and the "
    "background. These markers are pixels that we can label unambiguously as either object or "
    "background. Here, the markers are found at the two extreme parts of the histogram of grey "
    "values: >>> markers = np.zeros_like(coins)",
    "simple-document-image.jpg": "Amazon.com, Inc. is located in Seattle, WA It was founded July "
    "5th, 1994 by Jeff Bezos Amazon.com allows customers to buy everything from books to blenders "
    "Seattle is north of Portland and south of Vancouver, BC.",
    "spanish.jpg": "Me encanta este hotel.",
}
PROSE = (
    "On 14 March the harbour master of Brixham, Ms Okafor, counted 27 boats and 3 barges. "
    "Nobody had seen the storm coming; the forecast spoke of light winds (5 to 10 knots). "
    "Repairs will cost about 4,800 euros, he wrote to harbour@example.com the next morning."
)
FULL = FaceDetail(portrait=True, expression=True)


def main() -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/vision.json")
    arguments = parser.parse_args()
    engine = VisionEngine()
    pictures = {
        name: path.read_bytes() for name in FACES if (path := samples(f"images/{name}")).exists()
    }
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()}, "
        f"Python {platform.python_version()}",
        "load_average": os.getloadavg()[0],
        "samples": measure_samples(engine, pictures),
        "portraits": measure_portraits(engine, pictures.get("astronaut.png")),
        "pages": measure_pages(engine),
        "milliseconds": measure_time(engine, pictures),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        // (1024 if sys.platform != "darwin" else 1024**2),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


def measure_samples(engine: VisionEngine, pictures: dict[str, bytes]) -> dict[str, Any]:
    """What was found in the samples, beside what is there."""
    report = {}
    for name, content in pictures.items():
        things = engine.detect_objects(content, 0.3)
        found: dict[str, Any] = {
            "faces": [len(engine.detect_faces(content, FULL)), FACES[name]],
            "objects": [thing.name for thing in things],
        }
        if name in OBJECTS:
            found["first_object_right"] = bool(things) and things[0].name == OBJECTS[name]
        if name in WORDS:
            found["words"] = words_read(engine, content, WORDS[name])
        report[name] = found
    return report


def measure_portraits(engine: VisionEngine, astronaut: bytes | None) -> dict[str, Any]:
    """Faces found in one portrait, changed in ways that photos differ."""
    if astronaut is None:
        return {"skipped": "astronaut.png is not here"}
    plain = Image.open(io.BytesIO(astronaut)).convert("RGB")
    grid = Image.new("RGB", (1536, 1536))
    for number in range(9):
        turned = ImageOps.mirror(plain) if number % 2 else plain
        grid.paste(turned, (512 * (number % 3), 512 * (number // 3)))
    changed = {
        "mirrored": (ImageOps.mirror(plain), 1),
        "grey": (ImageOps.grayscale(plain).convert("RGB"), 1),
        **{f"scaled to {side}": (plain.resize((side, side)), 1) for side in (96, 160, 2000)},
        **{
            f"brightness {part}": (ImageEnhance.Brightness(plain).enhance(part), 1)
            for part in (0.2, 0.5, 1.6)
        },
        **{
            f"blurred by {radius}": (plain.filter(ImageFilter.GaussianBlur(radius)), 1)
            for radius in (2, 5)
        },
        **{f"turned by {angle}": (plain.rotate(angle), 1) for angle in (-30, -15, 15, 30)},
        "nine together": (grid, 9),
        "without the head": (plain.crop((0, 200, 512, 512)), 0),
    }
    return {
        name: [len(engine.detect_faces(png(image), FULL)), faces]
        for name, (image, faces) in changed.items()
    }


def measure_pages(engine: VisionEngine) -> dict[str, list[int]]:
    """Words read of pages made here, and how many there are."""
    report = {}
    for size in (14, 20, 32):
        report[f"{size} pixels"] = words_read(engine, png(draw_page(size)), PROSE)
    tilted = draw_page(32).rotate(3, fillcolor="white")
    report["32 pixels, tilted"] = words_read(engine, png(tilted), PROSE)
    dark = ImageOps.invert(draw_page(32))
    report["32 pixels, white on black"] = words_read(engine, png(dark), PROSE)
    return report


def draw_page(size: int) -> Image.Image:
    """The prose, set in lines of about 1,000 pixels."""
    font = ImageFont.load_default(size)
    lines = [""]
    for word in PROSE.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > 1000:
            lines.append(word)
        else:
            lines[-1] = longer
    page = Image.new("RGB", (1100, 120 + len(lines) * size * 2), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(page).text((50, 60 + number * size * 2), line, "black", font)
    return page


def words_read(engine: VisionEngine, content: bytes, truth: str) -> list[int]:
    """How many words of the truth were read as they are, and how many it has."""
    read = " ".join(line.text for line in engine.detect_text(content)).split()
    expected = truth.split()
    right = 0
    for word in expected:
        if word in read:
            read.remove(word)
            right += 1
    return [right, len(expected)]


def measure_time(engine: VisionEngine, pictures: dict[str, bytes]) -> dict[str, float]:
    """Warm, the middle of five, in milliseconds."""
    content = pictures.get(FAMILY) or png(draw_page(32))
    page = png(draw_page(20))
    calls: dict[str, Callable[[], Any]] = {
        "detect_faces, all attributes": lambda: engine.detect_faces(content, FULL),
        "detect_objects": lambda: engine.detect_objects(content, 0.3),
        "image_properties": lambda: engine.image_properties(content, 10),
        "detect_text, a page": lambda: engine.detect_text(page),
    }
    report = {}
    for name, call in calls.items():
        call()
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        report[name] = round(statistics.median(seconds) * 1000, 1)
    return report


def png(image: Image.Image) -> bytes:
    """Encoded."""
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
