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


class JobRate(NamedTuple):
    """An assumption about a job of SageMaker's.

    Attributes:
        start: Seconds of any table.
        megabyte: Seconds more for each million bytes of it.
        source: Where the numbers are from.
    """

    start: float
    megabyte: float
    source: str

    def seconds(self, size: int) -> float:
        """What a job of each instance takes for a table of so many bytes."""
        return round(self.start + self.megabyte * size / 1_000_000, 1)

    @property
    def basis(self) -> str:
        """The rate and its source in one line."""
        more = f" and {self.megabyte:g} for each megabyte of the table" if self.megabyte else ""
        return f"{self.start:g} seconds{more}, half or twice as many: {self.source}"


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
LEAST, MOST = 0.5, 2.0
"""Times a job's seconds: between which they are taken to lie."""
TRAINING = JobRate(
    180, 0.4, "an XGBoost job of 100 rounds, starting up included; a choice, not measured on AWS"
)
PREDICTING = JobRate(240, 0.2, "starting up and predicting; a choice, not measured on AWS")
EXPLAINING = JobRate(600, 0, "starting up and 500 rows; a choice, not measured on AWS")
