"""Every function in its world, by its name."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.crashes import admission, media, tables, texts, videos
from tests.unit.crashes.asking_once import By
from tests.unit.crashes.dying import Scenario

SCENARIOS: dict[str, list[Callable[[], Scenario]]] = {
    **admission.SCENARIOS,
    **texts.SCENARIOS,
    **media.SCENARIOS,
    **videos.SCENARIOS,
    **tables.SCENARIOS,
}
NAMELESS: dict[str, list[Callable[[By], Scenario]]] = {
    "detect_image_feature": [media.detect_image_feature],
    "prepare_text": [texts.prepare_text],
    "detect_text_feature": [texts.detect_short, texts.detect_long],
    "translate_text": [texts.translate_text],
    "translate_captions": [media.translate_captions],
    "synthesize_speech": [texts.synthesize_speech],
    "dub_audio": [media.dub_audio],
    "score_rows": [tables.score_rows],
    "submit_inference": [tables.submit_inference],
}
"""Functions that make paid calls without a name."""
NOT_KILLED: dict[str, str] = {}
"""Functions without a scenario, and why."""
