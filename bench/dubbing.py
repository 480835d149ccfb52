"""How far a dubbed track is from its cues: ten minutes, dubbed by the local Polly, decoded, heard.

The function runs as it does in Lambda, against a local cloud. What it says of itself (the drift in
its timing file) is held against the sound: the track is decoded, and each cue's voice is found by
its energy.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import boto3
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "layers/core/python"), str(ROOT / "functions")]

from bench.results import spread, write_result  # noqa: E402 - behind the path that it needs
from windfall.captions.cues import Cue, CueList  # noqa: E402
from windfall.contracts.base import S3Pointer  # noqa: E402
from windfall_local.threaded import cloud_in_thread  # noqa: E402

SECONDS = 600
SENTENCES = (
    "El capitán del puerto contó los barcos.",
    "Nadie había visto venir la tormenta, y el pronóstico hablaba de vientos suaves.",
    "¿Cuántos quedan?",
    "Las reparaciones costarán unos cuatro mil ochocientos euros.",
    "Sí, todos.",
    "A la mañana siguiente escribió a la oficina y pidió ayuda para los pescadores.",
)
SCRIPTS = {
    "ordinary": ((85, 72, 64, 56), (120, 400, 900, 2_000)),
    "crowded": ((52, 44, 36), (40, 120, 2_500)),
}
"""Milliseconds of a slot for each character, and of silence between cues, one after the other.

The crowded one has more words than the voice can say in time: its drift is meant to show.
"""
_STEP = 0.005
"""Seconds over which the sound's energy is taken."""
_QUIET = 0.08
"""Seconds of silence before a voice, without which its beginning can't be told."""


def cue_list(paces: Sequence[int], silences: Sequence[int]) -> CueList:
    """Sentences at all paces and with all silences between them, and no two alike in a row."""
    cues: list[Cue] = []
    now = 1_000
    for number in itertools.count():
        text = SENTENCES[number % len(SENTENCES)]
        length = min(7_000, max(800, len(text) * paces[number // 2 % len(paces)]))
        if now + length > SECONDS * 1000:
            return CueList(language="es", cues=cues)
        cues.append(Cue(start=now, end=now + length, text=text, speaker=f"spk_{number % 2}"))
        now += length + silences[number // 3 % len(silences)]
    raise AssertionError


def measure() -> dict[str, Any]:
    """Figures of a track for each script."""
    with tempfile.TemporaryDirectory() as folder, cloud_in_thread(Path(folder)) as cloud:
        keys = cloud.keys.root
        os.environ |= {
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_DEFAULT_REGION": cloud.region,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        }
        boto3.client("s3").create_bucket(Bucket="bench")
        return {name: _dub(name, cue_list(*script)) for name, script in SCRIPTS.items()}


def _dub(name: str, cues: CueList) -> dict[str, Any]:
    from dub_audio.logic import AudioDubber  # noqa: PLC0415 - its adapters read the environment
    from dub_audio.models import DubAudioTask  # noqa: PLC0415
    from windfall.adapters.polly import PollySpeech  # noqa: PLC0415
    from windfall.adapters.s3 import S3ObjectStore  # noqa: PLC0415

    store = S3ObjectStore()
    task = {
        "cues": store.write(
            "bench", f"{name}/cues.es.json", cues.model_dump_json().encode(), "application/json"
        ),
        "language": "es",
        "output": {"bucket": "bench", "prefix": f"{name}/"},
        "speech": {
            "voice": "Lupe",
            "engine": "neural",
            "max_characters": 100_000,
            "speaker_voices": [
                {"voice": "Lupe", "engine": "neural"},
                {"voice": "Miguel", "engine": "standard"},
            ],
        },
        "seconds": SECONDS,
    }
    begin = time.perf_counter()
    outcome = AudioDubber(PollySpeech(), store).dub(
        DubAudioTask.model_validate(task), lambda: 900_000
    )
    took = time.perf_counter() - begin
    if outcome.result is None:
        raise AssertionError(outcome.reason)
    body = store.read(outcome.result)
    key = f"{name}/dubbed.es.timing.json"
    timing = json.loads(store.read(S3Pointer(bucket="bench", key=key)))
    samples, rate = decoded(body)
    heard = [onset(samples, rate, one) for one in timing]
    told = [one["drift_ms"] for one in timing]
    found = [abs(late) for late in heard if late is not None]
    apart = [late - said for late, said in zip(heard, told, strict=True) if late is not None]
    rates = [one["rate"] for one in timing]
    return {
        "track_seconds": round(len(samples) / rate, 3),
        "recording_seconds": SECONDS,
        "cues": len(timing),
        "drift_told_ms": spread([abs(one) for one in told], 0),
        "drift_heard_ms": spread(found, 0),
        "beginnings_heard": len(found),
        "beginnings_right_behind_another_voice": sum(map(_is_behind, timing, timing[1:])),
        "heard_beyond_100_ms": sum(late > 100 for late in found),
        "told_and_heard_apart_ms": spread(apart, 0),
        "drift_of_the_last_cue_ms": told[-1],
        "rates_percent": spread(rates, 0),
        "faster_than_130_percent": sum(one > 130 for one in rates),
        "requests": outcome.calls[0].count,
        "characters_billed": outcome.calls[0].units,
        "characters": sum(len(cue.text) for cue in cues.cues),
        "megabytes": round(len(body) / 1e6, 2),
        "took_seconds": round(took, 1),
        "process_peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _is_behind(before: dict[str, int], cue: dict[str, int]) -> bool:
    """Whether there is too little silence before a voice to hear where it begins."""
    ended = before["start"] + before["drift_ms"] + before["heard_ms"]
    return bool(cue["start"] + cue["drift_ms"] - ended < (_QUIET + 2 * _STEP) * 1000)


def decoded(body: bytes) -> tuple[NDArray[np.float32], int]:
    """The samples of an MP3, by FFmpeg's decoder."""
    import io  # noqa: PLC0415

    with av.open(io.BytesIO(body)) as container:
        stream = container.streams.audio[0]
        frames = [
            frame.to_ndarray().reshape(-1).astype(np.float32) for frame in container.decode(stream)
        ]
        return np.concatenate(frames), int(stream.rate)


def onset(samples: NDArray[np.float32], rate: int, timing: dict[str, Any]) -> int | None:
    """Milliseconds from when a cue should be heard to when it is; None if no silence is before."""
    step = int(rate * _STEP)
    place = (timing["start"] + timing["drift_ms"]) / 1000
    begin = max(0, int((place - 0.25) * rate))
    part = samples[begin : begin + int(0.6 * rate)]
    windows = part[: len(part) // step * step].reshape(-1, step)
    energy = np.sqrt((windows**2).mean(axis=1))
    loud = energy > 0.02 * float(np.sqrt((samples**2).mean()))
    quiet = int(_QUIET / _STEP)
    for number in range(quiet, len(loud)):
        if loud[number] and not loud[number - quiet : number].any():
            return round((begin + number * step) / rate * 1000) - int(timing["start"])
    return None


if __name__ == "__main__":
    write_result("dubbing", measure())
