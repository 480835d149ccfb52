"""Polly's operations over an engine that answers what the test says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.session import get_session

from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Cloud, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.voice import Mark, Speech, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine
from windfall_local.services.polly import PollyService
from windfall_local.services.polly.voices import SPOKEN, VOICES

MARKS = [
    Mark(0, "sentence", "Hé, you.", 0, 9),
    Mark(0, "word", "Hé", 0, 3),
    Mark(3, "viseme", "k"),
    Mark(9, "ssml", "here", 4, 6),
]


class FakeHost(EngineHost):
    """Speaks at once, and remembers what it was asked."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.spoken: list[SpeechRequest] = []
        self._failure = failure

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        if method == "count_characters":
            return EspeakEngine().count_characters(*arguments)
        if self._failure:
            raise self._failure
        self.spoken.append(arguments[0])
        return Speech(b"sound", MARKS, 1.0)


class FakeCloud:
    region = "eu-west-1"
    endpoint = "http://127.0.0.1:1"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir


class Polly:
    """The service, and what it asked its engine."""

    def __init__(self, data_dir: Path, failure: Exception | None = None) -> None:
        self.host = FakeHost(failure)
        self._service = PollyService(cast(Cloud, FakeCloud(data_dir)), self.host)

    async def call(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(cast(Cloud, None), Principal.root(), "request")
        return await self._service.call(operation, parameters, context)

    async def speak(self, **parameters: Any) -> Any:
        plain = {"Text": "Hello", "VoiceId": "Joanna", "OutputFormat": "mp3"}
        return await self.call("SynthesizeSpeech", **{**plain, **parameters})

    async def refusal(self, operation: str = "SynthesizeSpeech", **parameters: Any) -> ServiceError:
        speaks = operation == "SynthesizeSpeech"
        ask = self.speak(**parameters) if speaks else self.call(operation, **parameters)
        with pytest.raises(ServiceError) as caught:
            await ask
        return caught.value


@pytest.fixture
def polly(tmp_path: Path) -> Polly:
    return Polly(tmp_path)


@pytest.mark.parametrize(
    ("output", "content_type"),
    [
        ("mp3", "audio/mpeg"),
        ("ogg_vorbis", "audio/ogg"),
        ("ogg_opus", "audio/ogg"),
        ("pcm", "audio/pcm"),
        ("mulaw", "audio/mulaw"),
        ("alaw", "audio/alaw"),
    ],
)
async def test_speech_is_answered_with_its_type_and_price(
    polly: Polly, output: str, content_type: str
) -> None:
    answer = await polly.speak(OutputFormat=output, Text="Hello é")
    assert answer == {
        "AudioStream": b"sound",
        "ContentType": content_type,
        "RequestCharacters": 7,
    }
    assert model_violations("polly", "SynthesizeSpeech", answer) == []


async def test_marks_are_one_document_a_line_and_only_those_asked_for(polly: Polly) -> None:
    answer = await polly.speak(OutputFormat="json", SpeechMarkTypes=["word", "viseme"])
    assert answer["AudioStream"].decode() == (
        '{"time":0,"type":"word","start":0,"end":3,"value":"Hé"}\n'
        '{"time":3,"type":"viseme","value":"k"}\n'
    )


async def test_a_text_may_have_3000_characters(polly: Polly) -> None:
    assert (await polly.speak(Text="é" * 3_000))["RequestCharacters"] == 3_000
    assert (await polly.refusal(Text="é" * 3_001)).code == "TextLengthExceededException"


async def test_tags_are_free_and_count_for_the_total(polly: Polly) -> None:
    tags = "<s></s>" * 100
    text = f"<speak>{tags}{'a' * 2_999}&amp;</speak>"
    assert (await polly.speak(Text=text, TextType="ssml"))["RequestCharacters"] == 3_000
    too_much = f"<speak>{'a' * 3_001}</speak>"
    assert (await polly.refusal(Text=too_much, TextType="ssml")).code == (
        "TextLengthExceededException"
    )
    body = "<s></s>" * 855 + "a"
    most = f"<speak>{body}</speak>"
    assert len(most) == 6_001
    assert (await polly.refusal(Text=most, TextType="ssml")).code == "TextLengthExceededException"
    assert await polly.speak(Text=most.replace("a</speak>", "</speak>"), TextType="ssml")


@pytest.mark.parametrize(
    ("output", "rates"),
    [
        ("mp3", {"8000", "16000", "22050", "24000", "44100", "48000"}),
        ("ogg_vorbis", {"8000", "16000", "22050", "24000", "44100", "48000"}),
        ("pcm", {"8000", "16000"}),
        ("ogg_opus", {"48000"}),
        ("mulaw", {"8000"}),
        ("alaw", {"8000"}),
    ],
)
async def test_each_format_has_its_sample_rates(polly: Polly, output: str, rates: set[str]) -> None:
    for rate in ("8000", "11025", "16000", "22050", "24000", "44100", "48000", "soon"):
        if rate in rates:
            assert await polly.speak(OutputFormat=output, SampleRate=rate)
        else:
            error = await polly.refusal(OutputFormat=output, SampleRate=rate)
            assert error.code == "InvalidSampleRateException"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"VoiceId": "Nobody7"}, "ValidationException"),
        ({"VoiceId": "Conchita", "Engine": "neural"}, "EngineNotSupportedException"),
        ({"VoiceId": "Ruth"}, "EngineNotSupportedException"),
        ({"OutputFormat": "wav"}, "ValidationException"),
        ({"OutputFormat": "json"}, "ValidationException"),
        ({"SpeechMarkTypes": ["word"]}, "MarksNotSupportedForFormatException"),
        (
            {"OutputFormat": "json", "SpeechMarkTypes": ["ssml"]},
            "SsmlMarksNotSupportedForTextTypeException",
        ),
        ({"LanguageCode": "fr-FR"}, "LanguageNotSupportedException"),
        ({"LanguageCode": "xx-XX"}, "ValidationException"),
        ({"LexiconNames": ["none"]}, "LexiconNotFoundException"),
        ({"LexiconNames": list("abcdef")}, "ValidationException"),
        ({"Text": "<speak>", "TextType": "ssml"}, "InvalidSsmlException"),
    ],
)
async def test_what_polly_refuses_is_refused_with_its_code(
    polly: Polly, parameters: dict[str, Any], code: str
) -> None:
    assert (await polly.refusal(**parameters)).code == code


async def test_a_voice_that_is_not_known_here_is_refused_by_name(polly: Polly) -> None:
    error = await polly.refusal(VoiceId="Arjun")
    assert (error.status, "Arjun" in error.message) == (501, True)


async def test_a_missing_synthesiser_is_named_with_its_remedy(tmp_path: Path) -> None:
    polly = Polly(tmp_path, EngineUnavailableError("Install it."))
    error = await polly.refusal()
    assert (error.status, "Install it." in error.message) == (501, True)


async def test_an_engine_that_died_is_an_error_to_retry(tmp_path: Path) -> None:
    error = await Polly(tmp_path, EngineDiedError("died")).refusal()
    assert (error.status, error.code) == (500, "ServiceFailureException")


async def test_neural_voices_do_not_take_emphasis(polly: Polly) -> None:
    await polly.speak(Engine="neural")
    await polly.speak(Engine="standard")
    neural, standard = polly.host.spoken
    assert ("emphasis" in neural.refused, "emphasis" in standard.refused) == (True, False)


async def test_a_bilingual_voice_speaks_both(polly: Polly) -> None:
    await polly.speak(VoiceId="Aditi", LanguageCode="hi-IN")
    assert polly.host.spoken[0].speaker.language == "hi"


LEXICON = (
    '<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" '
    'xml:lang="{language}"><lexeme><grapheme>W3C</grapheme><alias>{alias}</alias></lexeme></lexicon>'
)


def lexicon(language: str = "en-US", alias: str = "Web") -> str:
    return LEXICON.format(language=language, alias=alias)


async def test_a_lexicon_is_applied_when_its_language_is_the_voices(polly: Polly) -> None:
    await polly.call("PutLexicon", Name="w3c", Content=lexicon())
    await polly.call("PutLexicon", Name="other", Content=lexicon("en-GB"))
    await polly.speak(LexiconNames=["w3c", "other"])
    [spoken] = polly.host.spoken
    assert [item.language for item in spoken.lexicons] == ["en-US"]


async def test_lexicons_are_kept_listed_and_forgotten(polly: Polly, tmp_path: Path) -> None:
    assert await polly.call("PutLexicon", Name="w3c", Content=lexicon()) == {}
    again = Polly(tmp_path)
    answer = await again.call("GetLexicon", Name="w3c")
    assert model_violations("polly", "GetLexicon", answer) == []
    assert answer["Lexicon"] == {"Name": "w3c", "Content": lexicon()}
    attributes = answer["LexiconAttributes"]
    assert attributes["LexiconArn"] == "arn:aws:polly:eu-west-1:000000000000:lexicon/w3c"
    assert (attributes["LexemesCount"], attributes["Size"]) == (1, len(lexicon()))
    listed = await again.call("ListLexicons")
    assert model_violations("polly", "ListLexicons", listed) == []
    assert [item["Name"] for item in listed["Lexicons"]] == ["w3c"]
    await again.call("DeleteLexicon", Name="w3c")
    for operation in ("GetLexicon", "DeleteLexicon"):
        error = await again.refusal(operation, Name="w3c")
        assert error.code == "LexiconNotFoundException"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("../x", lexicon(), "ValidationException"),
        ("x" * 21, lexicon(), "ValidationException"),
        ("x", "<lexicon", "InvalidLexiconException"),
        ("x", lexicon("tlh"), "UnsupportedPlsLanguageException"),
        ("x", lexicon(alias="a" * 101), "MaxLexemeLengthExceededException"),
        ("x", lexicon().replace("ipa", "abc"), "UnsupportedPlsAlphabetException"),
        ("x", lexicon() + " " * 40_000, "LexiconSizeExceededException"),
    ],
)
async def test_a_bad_lexicon_is_refused(polly: Polly, name: str, content: str, code: str) -> None:
    assert (await polly.refusal("PutLexicon", Name=name, Content=content)).code == code


async def test_the_edges_of_a_lexicon_are_taken(polly: Polly) -> None:
    content = lexicon(alias="a" * 100)
    content += " " * (40_000 - len(content))
    assert await polly.call("PutLexicon", Name="x" * 20, Content=content) == {}


async def test_there_are_at_most_100_lexicons(polly: Polly) -> None:
    for number in range(100):
        await polly.call("PutLexicon", Name=f"n{number}", Content=lexicon())
    error = await polly.refusal("PutLexicon", Name="more", Content=lexicon())
    assert error.code == "MaxLexiconsNumberExceededException"
    assert await polly.call("PutLexicon", Name="n0", Content=lexicon()) == {}


async def test_voices_are_described_and_filtered(polly: Polly) -> None:
    everything = await polly.call("DescribeVoices")
    assert model_violations("polly", "DescribeVoices", everything) == []
    assert len(everything["Voices"]) == len(VOICES)
    spanish = await polly.call("DescribeVoices", LanguageCode="es-US", Engine="neural")
    assert [voice["Id"] for voice in spanish["Voices"]] == ["Lupe", "Pedro"]
    hindi = await polly.call("DescribeVoices", LanguageCode="hi-IN")
    assert hindi["Voices"] == []
    both = await polly.call(
        "DescribeVoices", LanguageCode="hi-IN", IncludeAdditionalLanguageCodes=True
    )
    assert {voice["Id"] for voice in both["Voices"]} == {"Aditi", "Kajal"}
    error = await polly.refusal("DescribeVoices", NextToken="x")
    assert error.code == "InvalidNextTokenException"


def test_every_voice_is_one_of_the_api_and_can_be_spoken() -> None:
    known = get_session().get_service_model("polly").shape_for("VoiceId").enum
    assert set(VOICES) <= set(known)
    assert len(VOICES) >= 100
    for voice in VOICES.values():
        for language in (voice.language, *voice.also):
            assert voice.speaker(language).language == SPOKEN[language]


async def test_marks_are_json_that_names_bytes(polly: Polly) -> None:
    answer = await polly.speak(
        OutputFormat="json",
        SpeechMarkTypes=["sentence", "word", "ssml", "viseme"],
        Text="<speak>Hé</speak>",
        TextType="ssml",
    )
    lines = [json.loads(line) for line in answer["AudioStream"].splitlines()]
    assert [line["type"] for line in lines] == ["sentence", "word", "viseme", "ssml"]
    assert answer["ContentType"] == "application/x-json-stream"
