"""Every request that the adapters of the AI services send fits botocore's service model."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.session import get_session
from botocore.stub import Stubber

from tests.fakes.language import ANSWERS
from windfall.adapters.clients import ai_client
from windfall.adapters.comprehend import ComprehendLanguage
from windfall.adapters.polly import PollySpeech
from windfall.adapters.rekognition import RekognitionVision
from windfall.adapters.translate import TranslateTranslation
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import ImageFeature, PlannedFeature, TextFeature
from windfall.errors import (
    InvalidInputError,
    NotFoundError,
    TransientError,
    UnsupportedError,
    WindfallError,
)

Stub = Callable[[str], Stubber]
IMAGE = S3Pointer(bucket="inbox", key="a b+ü.png", version_id="v1")
ERRORS: list[tuple[str, str, str, type[WindfallError]]] = [
    ("rekognition", "detect_labels", "ImageTooLargeException", InvalidInputError),
    ("rekognition", "detect_labels", "InvalidImageFormatException", InvalidInputError),
    ("rekognition", "detect_labels", "InvalidS3ObjectException", InvalidInputError),
    ("rekognition", "detect_labels", "ProvisionedThroughputExceededException", TransientError),
    ("comprehend", "detect_sentiment", "TextSizeLimitExceededException", InvalidInputError),
    ("comprehend", "detect_sentiment", "UnsupportedLanguageException", UnsupportedError),
    ("comprehend", "detect_sentiment", "InternalServerException", TransientError),
    ("translate", "translate_text", "UnsupportedLanguagePairException", UnsupportedError),
    ("translate", "translate_text", "ResourceNotFoundException", NotFoundError),
    ("translate", "translate_text", "TooManyRequestsException", TransientError),
    ("polly", "synthesize_speech", "EngineNotSupportedException", UnsupportedError),
    ("polly", "synthesize_speech", "LanguageNotSupportedException", UnsupportedError),
    ("polly", "synthesize_speech", "LexiconNotFoundException", NotFoundError),
    ("polly", "synthesize_speech", "TextLengthExceededException", InvalidInputError),
    ("polly", "synthesize_speech", "InvalidSsmlException", InvalidInputError),
]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """Stubs a service's client; it checks requests and answers against the service model."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ai_client.cache_clear()
    active: list[Stubber] = []

    def activate(service: str) -> Stubber:
        stubber = Stubber(ai_client(service))
        stubber.activate()
        active.append(stubber)
        return stubber

    yield activate
    for stubber in active:
        stubber.assert_no_pending_responses()
    ai_client.cache_clear()


@pytest.mark.parametrize("feature", ImageFeature)
def test_rekognition_is_pointed_at_the_version_of_the_image(
    feature: ImageFeature, stub: Stub
) -> None:
    location = {"Bucket": "inbox", "Name": "a b+ü.png", "Version": "v1"}
    requests: dict[ImageFeature, tuple[str, dict[str, Any]]] = {
        ImageFeature.LABELS: (
            "detect_labels",
            {"MinConfidence": 70.0, "Features": ["GENERAL_LABELS"]},
        ),
        ImageFeature.PROPERTIES: ("detect_labels", {"Features": ["IMAGE_PROPERTIES"]}),
        ImageFeature.FACES: ("detect_faces", {"Attributes": ["ALL"]}),
        ImageFeature.TEXT: ("detect_text", {}),
        ImageFeature.CELEBRITIES: ("recognize_celebrities", {}),
        ImageFeature.KNOWN_FACES: (
            "search_faces_by_image",
            {"CollectionId": "people", "MaxFaces": 100},
        ),
        ImageFeature.MODERATION: ("detect_moderation_labels", {"MinConfidence": 70.0}),
        ImageFeature.PROTECTIVE_EQUIPMENT: (
            "detect_protective_equipment",
            {
                "SummarizationAttributes": {
                    "MinConfidence": 70.0,
                    "RequiredEquipmentTypes": ["FACE_COVER", "HAND_COVER", "HEAD_COVER"],
                }
            },
        ),
    }
    operation, options = requests[feature]
    stub("rekognition").add_response(operation, {}, {"Image": {"S3Object": location}, **options})

    planned = PlannedFeature(
        feature=feature,
        min_confidence=70,
        collection="people" if feature is ImageFeature.KNOWN_FACES else None,
    )
    assert RekognitionVision().detect(planned, IMAGE) == {}


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("There are no faces in the image. Should be at least 1.", True),
        ("Request has invalid parameters", False),
    ],
)
def test_a_picture_without_a_face_has_nobody_that_is_known(
    said: str, known: bool, stub: Stub
) -> None:
    planned = PlannedFeature(feature=ImageFeature.KNOWN_FACES, collection="people")
    code = "InvalidParameterException"
    stub("rekognition").add_client_error("search_faces_by_image", code, said)
    if known:
        assert RekognitionVision().detect(planned, IMAGE) == {"FaceMatches": []}
    else:
        with pytest.raises(InvalidInputError, match=said):
            RekognitionVision().detect(planned, IMAGE)


@pytest.mark.parametrize("feature", TextFeature)
def test_comprehend_is_asked_in_the_language_of_the_text(feature: TextFeature, stub: Stub) -> None:
    operation = f"detect_{feature}" if feature is not TextFeature.PII else "detect_pii_entities"
    answer = ANSWERS[feature]("Mary 1 good")
    request = {"Text": "Mary 1 good", "LanguageCode": "es"}
    stub("comprehend").add_response(operation, answer, request)
    assert ComprehendLanguage().detect(feature, "Mary 1 good", "es") == answer


@pytest.mark.parametrize("feature", [one for one in TextFeature if one is not TextFeature.PII])
def test_a_batch_tells_answers_and_errors_by_place(feature: TextFeature, stub: Stub) -> None:
    answer = ANSWERS[feature]("Mary")
    error = {"Index": 0, "ErrorCode": "InternalServerException", "ErrorMessage": "busy"}
    stub("comprehend").add_response(
        f"batch_detect_{feature}",
        {"ResultList": [{"Index": 1, **answer}], "ErrorList": [error]},
        {"TextList": ["a", "Mary"], "LanguageCode": "en"},
    )
    batch = ComprehendLanguage().detect_batch(feature, ["a", "Mary"], "en")
    assert batch.results == {1: answer}
    assert [(one.index, one.code) for one in batch.errors] == [(0, "InternalServerException")]


def test_the_surest_language_comes_first(stub: Stub) -> None:
    found = [{"LanguageCode": "pt", "Score": 0.2}, {"LanguageCode": "es", "Score": 0.8}]
    stub("comprehend").add_response(
        "detect_dominant_language", {"Languages": found}, {"Text": "hola"}
    )
    assert ComprehendLanguage().dominant("hola")[0]["LanguageCode"] == "es"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {}),
        (
            {"terminologies": ["t"], "formality": "FORMAL", "profanity": "MASK"},
            {
                "TerminologyNames": ["t"],
                "Settings": {"Formality": "FORMAL", "Profanity": "MASK"},
            },
        ),
        ({"profanity": "MASK"}, {"Settings": {"Profanity": "MASK"}}),
    ],
)
def test_translate_is_given_only_the_settings_that_were_chosen(
    settings: dict[str, Any], expected: dict[str, Any], stub: Stub
) -> None:
    request = {"Text": "day", "SourceLanguageCode": "en", "TargetLanguageCode": "es-MX", **expected}
    answer = {"TranslatedText": "día", "SourceLanguageCode": "en", "TargetLanguageCode": "es-MX"}
    stub("translate").add_response("translate_text", answer, request)
    assert TranslateTranslation().translate("day", "en", "es-MX", **settings).text == "día"


def polly_answer(body: bytes) -> dict[str, Any]:
    return {"AudioStream": StreamingBody(io.BytesIO(body), len(body)), "RequestCharacters": 4}


def test_polly_speaks_ssml_with_the_engine_named(stub: Stub) -> None:
    request: dict[str, Any] = {"Text": "<speak>a</speak>", "TextType": "ssml", "VoiceId": "Lupe"}
    request |= {"Engine": "neural", "OutputFormat": "mp3", "LexiconNames": ["lex"]}
    stub("polly").add_response("synthesize_speech", polly_answer(b"sound"), request)
    made = PollySpeech().speak("<speak>a</speak>", voice="Lupe", engine="neural", lexicons=["lex"])
    assert made == b"sound"


def test_polly_is_given_a_sample_rate_that_is_asked_for(stub: Stub) -> None:
    request: dict[str, Any] = {"Text": "<speak>a</speak>", "TextType": "ssml", "VoiceId": "Lupe"}
    request |= {"Engine": "standard", "OutputFormat": "mp3", "SampleRate": "24000"}
    stub("polly").add_response("synthesize_speech", polly_answer(b"sound"), request)
    made = PollySpeech().speak(
        "<speak>a</speak>", voice="Lupe", engine="standard", sample_rate=24_000
    )
    assert made == b"sound"


def test_polly_gives_marks_line_by_line(stub: Stub) -> None:
    request: dict[str, Any] = {"Text": "<speak>a</speak>", "TextType": "ssml", "VoiceId": "Lupe"}
    request |= {"Engine": "standard", "OutputFormat": "json"}
    request |= {"SpeechMarkTypes": ["sentence", "word"]}
    lines = b'{"time":0,"type":"word","start":7,"end":8,"value":"a"}\n'
    stub("polly").add_response("synthesize_speech", polly_answer(lines), request)
    (mark,) = PollySpeech().marks("<speak>a</speak>", voice="Lupe", engine="standard")
    assert mark == {"time": 0, "type": "word", "start": 7, "end": 8, "value": "a"}


CALLS: dict[str, Callable[[], object]] = {
    "rekognition": lambda: RekognitionVision().detect(
        PlannedFeature(feature=ImageFeature.LABELS), IMAGE
    ),
    "comprehend": lambda: ComprehendLanguage().detect(TextFeature.SENTIMENT, "a", "en"),
    "translate": lambda: TranslateTranslation().translate("a", "en", "es"),
    "polly": lambda: PollySpeech().speak("<speak>a</speak>", voice="Lupe", engine="neural"),
}


@pytest.mark.parametrize(("service", "operation", "code", "expected"), ERRORS)
def test_documented_errors_are_ours(
    service: str, operation: str, code: str, expected: type[WindfallError], stub: Stub
) -> None:
    stub(service).add_client_error(operation, code, "no")
    with pytest.raises(expected):
        CALLS[service]()


@pytest.mark.parametrize("service", CALLS)
def test_what_the_local_cloud_does_not_do_is_unsupported(service: str, stub: Stub) -> None:
    operation = next(op for name, op, *_ in ERRORS if name == service)
    message = "no model; run `windfall models pull`"
    stub(service).add_client_error(operation, "NotImplementedException", message, 501)
    with pytest.raises(UnsupportedError, match="windfall models pull"):
        CALLS[service]()


@pytest.mark.parametrize("service", CALLS)
def test_a_missing_permission_stays_visible(service: str, stub: Stub) -> None:
    operation = next(op for name, op, *_ in ERRORS if name == service)
    stub(service).add_client_error(operation, "AccessDeniedException", "no", 400)
    with pytest.raises(ClientError, match="AccessDenied"):
        CALLS[service]()


def test_every_documented_error_code_exists() -> None:
    for service, operation, code, _ in ERRORS:
        model = get_session().get_service_model(service)
        names = {name.lower(): name for name in model.operation_names}
        shapes = model.operation_model(names[operation.replace("_", "")]).error_shapes
        assert code in {shape.name for shape in shapes}, (service, code)
