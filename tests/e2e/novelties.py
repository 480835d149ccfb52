"""Files like the demo's that nobody dropped before: results of equal bytes would be used again."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from tests.fakes.films import BLUE, RED, film
from tests.fakes.recordings import tone

DEMO = Path(__file__).parents[2] / "demo"


def a_picture(kind: str) -> bytes:
    """The demo's page, in a format of its own and unlike any other."""
    with Image.open(DEMO / "page.png") as opened:
        page = opened.convert("RGB")
    page.putpixel((0, 0), (random.randrange(256), random.randrange(256), random.randrange(256)))
    body = BytesIO()
    page.save(body, kind)
    return body.getvalue()


def a_recording(seconds: float) -> bytes:
    """The beginning of the demo's speech, unlike any other."""
    sound, rate = soundfile.read(DEMO / "speech.flac", frames=int(seconds * 16_000), dtype="int16")
    sound[:8] = np.random.default_rng().integers(-3_000, 3_000, 8)
    body = BytesIO()
    soundfile.write(body, sound, rate, format="WAV")
    return body.getvalue()


def a_film(form: str = "mp4", codec: str = "libx264") -> bytes:
    """Two scenes and a tone, unlike any other: colours that are alike become the same bytes."""
    sound = tone(2.0)
    sound[:1_000] = np.random.default_rng().integers(-8_000, 8_000, 1_000)
    return film(((RED, 1.0), (BLUE, 1.0)), form=form, codec=codec, sound=sound)
