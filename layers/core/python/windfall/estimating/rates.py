"""What no look at a file tells before it is analyzed, and what is assumed of it.

Rates are means over all sorts of files: one file may cost half or double, a hundred files do not.
"""

from __future__ import annotations

from typing import NamedTuple


class Rate(NamedTuple):
    """An assumption.

    Attributes:
        source: Where the number is from.
    """

    value: float
    unit: str
    source: str

    @property
    def basis(self) -> str:
        """The rate and its source in one line."""
        return f"{self.value:g} {self.unit}: {self.source}"


SPEECH = Rate(
    15,
    "characters a second of sound",
    "150 words a minute (National Center for Voice and Speech) of 6 characters, space included",
)
TRANSLATION = Rate(
    1.1,
    "characters of a translation for each of the text",
    "Spanish against English in parallel texts; W3C's article on text size in translation has up"
    " to 1.3 for long texts",
)
TAKES = Rate(
    1.6,
    "takes of each line, until it fits into its time",
    "bench/results/dubbing.json: 10,696 characters billed for 6,807 said",
)
PHOTOGRAPH = Rate(0, "characters in a picture that is no page", "most photographs show none")
SOUND_BYTES = Rate(
    16_000, "bytes a second of sound", "128 kbit/s, where the file does not tell its length"
)
VIDEO_BYTES = Rate(
    500_000, "bytes a second of video", "4 Mbit/s, where the file does not tell its length"
)
PACKED = Rate(
    30,
    "bytes of a document for each character",
    "a choice: PDF and docx over 5 MB are not read beforehand, and pictures may be most of them",
)
WRITTEN = Rate(1, "bytes of a text for each character", "texts over 5 MB are not read beforehand")
TRAINING = Rate(
    180, "seconds of each training job", "a small XGBoost job, starting up included; not measured"
)
PREDICTING = Rate(
    240, "seconds of each transform job", "starting up and a small table; not measured"
)
EXPLAINING = Rate(600, "seconds of a Clarify job", "starting up and a small table; not measured")
