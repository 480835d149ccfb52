"""Every request that the AI adapters send is one that AWS's own model takes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from windfall.adapters.clients import ai_client
from windfall.adapters.comprehend import ComprehendLanguage
from windfall.adapters.polly import PollySpeech
from windfall.adapters.rekognition import RekognitionVision, request_of
from windfall.adapters.translate import TranslateTranslation
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import ImageFeature, PlannedFeature, TextFeature
from windfall.errors import InvalidInputError, TransientError, UnsupportedError

SOURCE = S3Pointer(bucket="bucket", key="a.png", version_id="v1")


@pytest.fixture
def stub(request: pytest.FixtureRequest) -> Iterator[Stubber]:
    """The service named by the test's parameter, which checks parameters and answers."""
    with Stubber(ai_client(request.param)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize("stub", ["rekognition"], indirect=True)
@pytest.mark.parametrize("feature", list(ImageFeature))
@pytest.mark.parametrize("confidence", [None, 0, 55.5, 100])
def test_images_are_looked_at_in_s3(
    stub: Stubber, feature: ImageFeature, confidence: float | None
) -> None:
    collection = "people" if feature is ImageFeature.KNOWN_FACES else None
    planned = PlannedFeature(feature=feature, min_confidence=confidence, collection=collection)
    operation, options = request_of(planned)
    image = {"S3Object": {"Bucket": "bucket", "Name": "a.png", "Version": "v1"}}
    stub.add_response(operation, {}, {"Image": image, **options})

    assert RekognitionVision().detect(planned, SOURCE) == {}


@pytest.mark.parametrize("stub", ["rekognition"], indirect=True)
@pytest.mark.parametrize(
    ("code", "status", "ours"),
    [
        ("ImageTooLargeException", 400, InvalidInputError),
        ("ThrottlingException", 500, TransientError),
        ("NotImplementedException", 501, UnsupportedError),
    ],
)
def test_what_rekognition_refuses_is_an_error_of_ours(
    stub: Stubber, code: str, status: int, ours: type[Exception]
) -> None:
    stub.add_client_error("detect_faces", code, "It said so.", http_status_code=status)
    with pytest.raises(ours, match="It said so"):
        RekognitionVision().detect(PlannedFeature(feature=ImageFeature.FACES), SOURCE)


@pytest.mark.parametrize("stub", ["comprehend"], indirect=True)
def test_languages_come_surest_first(stub: Stubber) -> None:
    found = [{"LanguageCode": "en", "Score": 0.2}, {"LanguageCode": "es", "Score": 0.8}]
    stub.add_response("detect_dominant_language", {"Languages": found}, {"Text": "Hola"})

    assert [item["LanguageCode"] for item in ComprehendLanguage().dominant("Hola")] == ["es", "en"]


@pytest.mark.parametrize("stub", ["comprehend"], indirect=True)
@pytest.mark.parametrize("feature", list(TextFeature))
def test_texts_are_read_one_by_one_and_in_batches(stub: Stubber, feature: TextFeature) -> None:
    name = {TextFeature.PII: "detect_pii_entities"}.get(feature, f"detect_{feature.value}")
    stub.add_response(name, {}, {"Text": "Hello", "LanguageCode": "en"})
    language = ComprehendLanguage()
    assert language.detect(feature, "Hello", "en") == {}
    if feature is TextFeature.PII:
        with pytest.raises(InvalidInputError):
            language.detect_batch(feature, ["Hello"], "en")
        return
    error = {"Index": 1, "ErrorCode": "INTERNAL_SERVER_ERROR", "ErrorMessage": "Not now."}
    answer: dict[str, Any] = {"ResultList": [{"Index": 0}], "ErrorList": [error]}
    stub.add_response(f"batch_{name}", answer, {"TextList": ["a", "b"], "LanguageCode": "en"})
    batch = language.detect_batch(feature, ["a", "b"], "en")
    assert list(batch.results) == [0]
    assert [(item.index, item.message) for item in batch.errors] == [(1, "Not now.")]


@pytest.mark.parametrize("stub", ["translate"], indirect=True)
def test_texts_are_translated_as_asked(stub: Stubber) -> None:
    answer = {"TranslatedText": "Hola", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    plain = {"Text": "Hello", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    full = {
        **plain,
        "TerminologyNames": ["names"],
        "Settings": {"Formality": "FORMAL", "Profanity": "MASK"},
    }
    stub.add_response("translate_text", answer, plain)
    stub.add_response("translate_text", answer, full)
    translation = TranslateTranslation()

    assert translation.translate("Hello", "en", "es").text == "Hola"
    translated = translation.translate(
        "Hello", "en", "es", terminologies=["names"], formality="FORMAL", profanity="MASK"
    )
    assert (translated.text, translated.source_language) == ("Hola", "en")


@pytest.mark.parametrize("stub", ["polly"], indirect=True)
def test_texts_are_spoken_and_marked(stub: Stubber) -> None:
    def body(content: bytes) -> dict[str, Any]:
        return {"AudioStream": StreamingBody(io.BytesIO(content), len(content))}

    spoken = {"Text": ANY, "TextType": "ssml", "VoiceId": "Lupe", "Engine": "neural"}
    lexicons = {"LexiconNames": ["names"]}
    marks = {"OutputFormat": "json", "SpeechMarkTypes": ["sentence", "word"]}
    stub.add_response(
        "synthesize_speech", body(b"mp3"), {**spoken, **lexicons, "OutputFormat": "mp3"}
    )
    stub.add_response("synthesize_speech", body(b'{"time":0}\n{"time":6}\n'), {**spoken, **marks})
    speech = PollySpeech()

    audio = speech.speak("<speak/>", voice="Lupe", engine="neural", lexicons=["names"])
    assert audio == b"mp3"
    times = [mark["time"] for mark in speech.marks("<speak/>", voice="Lupe", engine="neural")]
    assert times == [0, 6]
