"""Who speaks which word: voices that sound alike are one speaker's.

Words between pauses are a piece that one person says; long pieces are cut between words. The voices
of pieces are put into groups, the two most alike first, as long as they are alike enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from windfall_local.engines.models import require
from windfall_local.engines.speech import Stretch
from windfall_local.engines.speech.voiceprints import VoiceEncoder

_PAUSE = 0.15
"""Seconds without a word after which somebody else may speak."""

_GAP = 0.3
"""The same while a piece is too short for its voice to be clear."""

_LONGEST = 2.4
"""Seconds of a piece."""

_CLEAR = 0.9
"""Seconds from which a piece's voice is clear enough to make groups by."""

_LEAST = 1.6
"""Seconds that a speaker says; a group of less is noise, and goes to the others."""

# Chosen on mixes of six real voices (bench/speech.py): the least wrong over one to four speakers.
_ALIKE = 0.40
"""Distance (one minus the cosine) up to which two groups are one speaker's."""
_ALIKE_BY_TELEPHONE = 0.28
"""The same where nothing is heard above 4 kHz, and voices are less unlike."""
_TELEPHONE = 1e-4

_MOST_GROUPED = 2_000
"""Pieces that make groups: of a longer recording those evenly over its length."""


class SpeakerEngine:
    """Tells speakers apart.

    Args:
        locate: Where the model's file lies.
    """

    def __init__(self, locate: Callable[[str], Path] = require) -> None:
        self._encoder = VoiceEncoder(locate)

    def speakers(self, path: Path, words: Sequence[tuple[float, float]], most: int) -> list[int]:
        """Who speaks each word, from 0 in the order in which they are heard first.

        Args:
            path: Plain samples.
            words: When each begins and ends, in seconds, in order.
            most: As many speakers at most.

        Raises:
            EngineUnavailableError: The model is not installed.
        """
        if not words:
            return []
        groups = list(_pieces(words))
        spans = [Stretch(words[group[0]][0], words[group[-1]][1]) for group in groups]
        prints = self._encoder.voices(path, spans)
        seconds = np.array([span.end - span.start for span in spans])
        alike = _ALIKE_BY_TELEPHONE if prints.high < _TELEPHONE else _ALIKE
        labels = group_voices(prints.vectors, seconds, alike, most)
        return _in_order_of_hearing(
            [int(label) for label, group in zip(labels, groups, strict=True) for _ in group]
        )


def group_voices(vectors: Any, seconds: Any, alike: float, most: int) -> Any:
    """The group of each voice, from 0.

    Args:
        vectors: Of length one, each a piece's voice.
        seconds: How long each piece is.
        alike: The distance up to which groups are one.
        most: As many groups at most.
    """
    clear = np.flatnonzero(seconds >= _CLEAR)
    if len(clear) < 2:
        return np.zeros(len(vectors), int)
    chosen = clear[np.linspace(0, len(clear) - 1, min(len(clear), _MOST_GROUPED)).astype(int)]
    tree = linkage(vectors[chosen], "average", "cosine")
    groups = fcluster(tree, alike, "distance")
    if groups.max() > most:
        groups = fcluster(tree, most, "maxclust")
    centres = np.stack(
        [
            _centre(vectors[chosen][groups == group], seconds[chosen][groups == group])
            for group in np.unique(groups)
        ]
    )
    nearest = (vectors @ centres.T).argmax(axis=1)
    spoken = np.bincount(nearest, seconds, len(centres))
    kept = np.flatnonzero(spoken >= min(_LEAST, spoken.max()))
    return (vectors @ centres[kept].T).argmax(axis=1)


def _centre(vectors: Any, seconds: Any) -> Any:
    mean = (vectors * seconds[:, None]).sum(axis=0)
    return mean / (np.linalg.norm(mean) or 1.0)


def _pieces(words: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Words that are said without a pause, none of them for too long."""
    pieces: list[list[int]] = []
    for number, (start, end) in enumerate(words):
        if pieces:
            last = pieces[-1]
            begun, ended = words[last[0]][0], words[last[-1]][1]
            # Few of the words may have been heard: what is not clear yet goes on for longer.
            pause = _PAUSE if ended - begun >= _CLEAR else _GAP
            if start - ended < pause and end - begun <= _LONGEST:
                last.append(number)
                continue
        pieces.append([number])
    return pieces


def _in_order_of_hearing(labels: Sequence[int]) -> list[int]:
    order = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return [order[label] for label in labels]
