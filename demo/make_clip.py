"""Makes clip.mp4 of the demo's own pictures and speech: `python demo/make_clip.py`.

Three shots of stills under a slow camera, as documentaries do it, with the speech over them.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from PIL import Image

HERE = Path(__file__).parent
TARGET = HERE / "clip.mp4"
SIZE = (640, 360)
RATE = 25
SOUND_RATE = 16_000


class Shot(NamedTuple):
    """A still and the way of the camera over it: left, top and width in parts of its width."""

    picture: str
    seconds: float
    begins: tuple[float, float, float]
    ends: tuple[float, float, float]


SHOTS = (
    Shot("portrait.jpg", 4.0, (0.0, 0.02, 1.0), (0.1, 0.06, 0.8)),
    Shot("page.png", 4.0, (0.03, 0.02, 0.9), (0.03, 0.22, 0.9)),
    Shot("portrait.jpg", 3.0, (0.25, 0.08, 0.5), (0.2, 0.06, 0.6)),
)


def pictures() -> Any:
    """Every frame."""
    for shot in SHOTS:
        with Image.open(HERE / shot.picture) as opened:
            still = opened.convert("RGB")
        frames = round(shot.seconds * RATE)
        for number in range(frames):
            part = number / (frames - 1)
            left, top, width = (
                a + (b - a) * part for a, b in zip(shot.begins, shot.ends, strict=True)
            )
            height = width * SIZE[1] / SIZE[0]
            sides = (left, top, left + width, top + height)
            box = tuple(side * still.width for side in sides)
            yield still.resize(SIZE, Image.Resampling.BICUBIC, box=box)


def make() -> None:
    """Write the file."""
    with av.open(str(TARGET), "w", options={"movflags": "faststart"}) as output:
        video: Any = output.add_stream("libx264", rate=RATE, options={"crf": "26"})
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        sound: Any = output.add_stream("aac", rate=SOUND_RATE, layout="mono")
        sound.bit_rate = 48_000
        for number, picture in enumerate(pictures()):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        with av.open(str(HERE / "speech.flac")) as speech:
            resampler = av.AudioResampler(sound.format, sound.layout, SOUND_RATE, 1_024)
            for heard in speech.decode(audio=0):
                for piece in resampler.resample(heard):
                    output.mux(sound.encode(piece))
            for piece in resampler.resample(None):
                output.mux(sound.encode(piece))
        output.mux(sound.encode(None))


if __name__ == "__main__":
    make()
