"""Finds one feature of an image and tells in brief what was found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from detect_image_feature.reading import lines_in_order
from detect_image_feature.summaries import summary_of
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.features import ImageFeature
from windfall.features import Finding, settle
from windfall.metering import image_call

if TYPE_CHECKING:
    from detect_image_feature.models import DetectImageFeatureTask
    from windfall.contracts.outcome import Outcome
    from windfall.ports.analysis_services import Vision
    from windfall.ports.storage import ObjectStore

FOUND_TEXT = "found_text.txt"
"""The text that is read on by analyze_text."""


class ImageFeatureDetector:
    """Finds features of images."""

    def __init__(self, vision: Vision, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._vision = vision
        self._store = store
        self._clock = clock

    def detect(self, task: DetectImageFeatureTask) -> Outcome:
        """Find the feature, keep the raw answer, and tell how it ended.

        Raises:
            TransientError: Rekognition or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        feature = task.feature.feature
        checkpoints = Checkpoints(self._store, task.output, feature)
        return settle(feature, checkpoints, self._clock, lambda: self._find(task, checkpoints))

    def _find(self, task: DetectImageFeatureTask, checkpoints: Checkpoints) -> Finding:
        feature = task.feature.feature
        bought = checkpoints.result(f"{feature}.json")
        raw = json.loads(bought) if bought else checkpoints.once("answer", lambda: self._ask(task))
        result = self._store.write(
            task.output.bucket,
            f"{task.output.prefix}{feature}.json",
            json.dumps(raw, ensure_ascii=False).encode(),
            "application/json",
        )
        summary = summary_of(feature, raw)
        if feature is ImageFeature.TEXT:
            summary |= self._keep_text(task, raw)
        return Finding(result, summary, [image_call(feature)])

    def _ask(self, task: DetectImageFeatureTask) -> dict[str, Any]:
        return self._vision.detect(task.feature, task.source)

    def _keep_text(self, task: DetectImageFeatureTask, raw: dict[str, Any]) -> dict[str, int]:
        lines = lines_in_order(raw["TextDetections"])
        text = "\n".join(lines)
        if text:
            key = f"{task.output.prefix}{FOUND_TEXT}"
            media_type = "text/plain; charset=utf-8"
            self._store.write(task.output.bucket, key, text.encode(), media_type)
        return {"lines": len(lines), "characters": len(text)}
