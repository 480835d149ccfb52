"""Amazon Rekognition, Amazon Comprehend, Amazon Translate, Amazon Polly, Amazon Transcribe."""

from __future__ import annotations

from typing import Any

from windfall_local.identity.needs.need import Need, Scene, pass_role

# --- Rekognition --------------------------------------------------------------------------------

_BY_COLLECTION = frozenset(
    {
        "AssociateFaces",
        "CreateCollection",
        "CreateUser",
        "DeleteCollection",
        "DeleteFaces",
        "DeleteUser",
        "DescribeCollection",
        "DisassociateFaces",
        "IndexFaces",
        "ListFaces",
        "ListUsers",
        "SearchFaces",
        "SearchFacesByImage",
        "SearchUsers",
        "SearchUsersByImage",
    }
)
_OF_IMAGES = frozenset(
    {
        "CompareFaces",
        "DetectFaces",
        "DetectLabels",
        "DetectModerationLabels",
        "DetectProtectiveEquipment",
        "DetectText",
        "GetCelebrityInfo",
        "ListCollections",
        "RecognizeCelebrities",
    }
)
_OF_VIDEOS = frozenset(
    f"{verb}{what}"
    for verb in ("Start", "Get")
    for what in (
        "CelebrityRecognition",
        "ContentModeration",
        "FaceDetection",
        "FaceSearch",
        "LabelDetection",
        "PersonTracking",
        "SegmentDetection",
        "TextDetection",
    )
)


def rekognition_needs(
    operation: str, parameters: dict[str, Any], scene: Scene
) -> list[Need] | None:
    """The permissions of a Rekognition operation; `s3:GetObject` is checked when it reads."""
    if operation in _OF_IMAGES:
        return [Need(f"rekognition:{operation}")]
    if operation in _BY_COLLECTION:
        arn = scene.arn("rekognition", f"collection/{parameters['CollectionId']}")
        return [Need(f"rekognition:{operation}", arn)]
    if operation in _OF_VIDEOS:
        resource = "*"
        if operation == "StartFaceSearch":
            resource = scene.arn("rekognition", f"collection/{parameters['CollectionId']}")
        role = (parameters.get("NotificationChannel") or {}).get("RoleArn")
        return [
            Need(f"rekognition:{operation}", resource),
            *pass_role(role, "rekognition.amazonaws.com"),
        ]
    return None


# --- Comprehend ---------------------------------------------------------------------------------

_DETECTIONS = (
    "DominantLanguage",
    "Entities",
    "KeyPhrases",
    "PiiEntities",
    "Sentiment",
    "Syntax",
    "TargetedSentiment",
)
_COMPREHEND = frozenset(
    {f"Detect{name}" for name in _DETECTIONS}
    | {f"BatchDetect{name}" for name in _DETECTIONS}
    | {"ContainsPiiEntities", "DetectToxicContent"}
)


def comprehend_needs(operation: str, parameters: dict[str, Any], _: Scene) -> list[Need] | None:
    """The permissions of a Comprehend operation; only own endpoints are resources."""
    if operation not in _COMPREHEND:
        return None
    return [Need(f"comprehend:{operation}", parameters.get("EndpointArn") or "*")]


# --- Translate ----------------------------------------------------------------------------------

_BY_TERMINOLOGY = frozenset({"DeleteTerminology", "GetTerminology", "ImportTerminology"})
_TRANSLATIONS = frozenset({"StartTextTranslationJob", "TranslateDocument", "TranslateText"})
_TRANSLATE_LISTS = frozenset(
    {
        "DescribeTextTranslationJob",
        "ListLanguages",
        "ListTerminologies",
        "ListTextTranslationJobs",
        "StopTextTranslationJob",
    }
)


def translate_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a Translate operation."""
    if operation in _TRANSLATIONS:
        names = parameters.get("TerminologyNames") or []
        needs = [
            Need(f"translate:{operation}", scene.arn("translate", f"terminology/{name}/LATEST"))
            for name in names
        ] or [Need(f"translate:{operation}")]
        # Only a batch job has a role; S3's permissions are that role's.
        return needs + pass_role(parameters.get("DataAccessRoleArn"), "translate.amazonaws.com")
    if operation in _BY_TERMINOLOGY:
        arn = scene.arn("translate", f"terminology/{parameters['Name']}/LATEST")
        return [Need(f"translate:{operation}", arn)]
    if operation in _TRANSLATE_LISTS:
        return [Need(f"translate:{operation}")]
    return None


# --- Polly --------------------------------------------------------------------------------------

_BY_LEXICON = frozenset({"DeleteLexicon", "GetLexicon", "PutLexicon"})
_SPEECH = frozenset({"StartSpeechSynthesisTask", "SynthesizeSpeech"})
_POLLY_LISTS = frozenset(
    {"DescribeVoices", "GetSpeechSynthesisTask", "ListLexicons", "ListSpeechSynthesisTasks"}
)


def polly_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a Polly operation."""
    if operation in _SPEECH:
        return [
            Need(f"polly:{operation}", scene.arn("polly", f"lexicon/{name}"))
            for name in parameters.get("LexiconNames") or []
        ] or [Need(f"polly:{operation}")]
    if operation in _BY_LEXICON:
        arn = scene.arn("polly", f"lexicon/{parameters.get('Name', '')}")
        return [Need(f"polly:{operation}", arn)]
    if operation in _POLLY_LISTS:
        return [Need(f"polly:{operation}")]
    return None


# --- Transcribe ---------------------------------------------------------------------------------

_BY_JOB = frozenset({"DeleteTranscriptionJob", "GetTranscriptionJob", "StartTranscriptionJob"})
_BY_VOCABULARY = frozenset(
    {"CreateVocabulary", "DeleteVocabulary", "GetVocabulary", "UpdateVocabulary"}
)
_BY_FILTER = frozenset(
    {
        "CreateVocabularyFilter",
        "DeleteVocabularyFilter",
        "GetVocabularyFilter",
        "UpdateVocabularyFilter",
    }
)
_TRANSCRIBE_LISTS = frozenset(
    {"ListTranscriptionJobs", "ListVocabularies", "ListVocabularyFilters"}
)


def transcribe_needs(operation: str, parameters: dict[str, Any], scene: Scene) -> list[Need] | None:
    """The permissions of a Transcribe operation; S3's are checked when it reads and writes."""
    for operations, kind, member in (
        (_BY_JOB, "transcription-job", "TranscriptionJobName"),
        (_BY_VOCABULARY, "vocabulary", "VocabularyName"),
        (_BY_FILTER, "vocabulary-filter", "VocabularyFilterName"),
    ):
        if operation in operations:
            arn = scene.arn("transcribe", f"{kind}/{parameters[member]}")
            role = (parameters.get("JobExecutionSettings") or {}).get("DataAccessRoleArn")
            return [
                Need(f"transcribe:{operation}", arn),
                *pass_role(role, "transcribe.amazonaws.com"),
            ]
    if operation in _TRANSCRIBE_LISTS:
        return [Need(f"transcribe:{operation}")]
    return None
