"""Every example under events/ of a feature function is a task that the function takes."""

import json
from pathlib import Path

import pytest

from await_slot.models import AwaitSlotTask
from collect_video_feature.models import CollectVideoFeatureTask
from convert_media.models import ConvertMediaTask
from detect_image_feature.models import DetectImageFeatureTask
from detect_text_feature.models import DetectTextFeatureTask
from detect_video_feature.models import DetectVideoFeatureTask
from dub_audio.models import DubAudioTask
from extract_thumbnails.models import ExtractThumbnailsTask
from join_speech.models import JoinSpeechTask
from merge_timeline.models import MergeTimelineTask
from narrate_text.models import NarrateTextTask
from prepare_text.models import PrepareTextTask
from profile_table.models import ProfileTableTask
from score_rows.models import ScoreRowsTask
from split_table.models import SplitTableTask
from submit_inference.models import SubmitInferenceTask
from synthesize_speech.models import SynthesizeSpeechTask
from translate_captions.models import TranslateCaptionsTask
from translate_text.models import TranslateTextTask
from windfall.contracts.base import Contract
from windfall.contracts.features import ImageFeature, TextFeature, VideoFeature
from windfall.contracts.scoring import JoinTask, PrepareTableTask
from windfall.text.extraction import FORMATS
from write_captions.models import WriteCaptionsTask

EVENTS = Path(__file__).parents[2] / "events"
TASKS: dict[str, type[Contract]] = {
    "await_slot": AwaitSlotTask,
    "collect_video_feature": CollectVideoFeatureTask,
    "convert_media": ConvertMediaTask,
    "detect_image_feature": DetectImageFeatureTask,
    "detect_text_feature": DetectTextFeatureTask,
    "detect_video_feature": DetectVideoFeatureTask,
    "dub_audio": DubAudioTask,
    "join_speech": JoinSpeechTask,
    "narrate_text": NarrateTextTask,
    "join_predictions": JoinTask,
    "prepare_table": PrepareTableTask,
    "extract_thumbnails": ExtractThumbnailsTask,
    "merge_timeline": MergeTimelineTask,
    "prepare_text": PrepareTextTask,
    "score_rows": ScoreRowsTask,
    "submit_inference": SubmitInferenceTask,
    "profile_table": ProfileTableTask,
    "split_table": SplitTableTask,
    "synthesize_speech": SynthesizeSpeechTask,
    "translate_captions": TranslateCaptionsTask,
    "translate_text": TranslateTextTask,
    "write_captions": WriteCaptionsTask,
}
FILES = [path for function in TASKS for path in sorted((EVENTS / function).glob("*.json"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_is_a_task(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    task = TASKS[path.parent.name].model_validate(document)
    assert task.model_dump(mode="json", exclude_unset=True, by_alias=True) == document


@pytest.mark.parametrize("function", TASKS)
def test_a_field_that_nobody_knows_is_refused(function: str) -> None:
    path = next((EVENTS / function).glob("*.json"))
    document = {**json.loads(path.read_text("utf-8")), "surprise": 1}
    with pytest.raises(ValueError, match="surprise"):
        TASKS[function].model_validate(document)


def test_there_is_an_example_of_every_feature_and_format() -> None:
    names = {path.stem for path in FILES}
    assert names >= set(ImageFeature) | set(TextFeature) | set(VideoFeature) | FORMATS
