"""Where the samples are: files whose truth the benches know, which are not part of the project.

`WINDFALL_SAMPLES=FOLDER` names a folder with `audio`, `images`, `tables` and `text` in it. Without
it a bench measures what it can without them, and its figures say so.
"""

from __future__ import annotations

import os
from pathlib import Path


def samples(name: str) -> Path:
    """A sample, or a folder of them; a path at which nothing is where no samples are named."""
    return Path(os.environ.get("WINDFALL_SAMPLES") or os.devnull, name)
