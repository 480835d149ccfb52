"""Translate's operations over an engine that answers what the test says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlparse

import docx
import pytest

from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Cloud, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.host import EngineHost
from windfall_local.services.translate import TranslateService

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PAIRS = {"en": ["es", "pt-PT"], "es": ["en"]}


class FakeHost(EngineHost):
    """Shouts what it translates."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []
        self._failure = failure

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        self.asked.append((engine.rpartition(":")[2], method, *arguments))
        if self._failure:
            raise self._failure
        if method == "targets":
            return PAIRS
        texts, source, target = arguments
        if target not in PAIRS.get(source, []):
            raise UnsupportedFeatureError(f"No way from {source} to {target}.")
        return [text.upper() for text in texts]


class FakeCloud:
    region = "eu-west-1"
    endpoint = "http://127.0.0.1:1"

    def __init__(self, data_dir: Path, score: float) -> None:
        self.data_dir = data_dir
        self.score = score
        self.called: list[tuple[str, str, Principal]] = []

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        self.called.append((service, operation, principal))
        return {"Languages": [{"LanguageCode": "en", "Score": self.score}] if self.score else []}


class Translate:
    """The service with its fakes."""

    def __init__(
        self, data_dir: Path, failure: Exception | None = None, score: float = 0.9
    ) -> None:
        self.host = FakeHost(failure)
        self.cloud = FakeCloud(data_dir, score)
        self._service = TranslateService(cast(Cloud, self.cloud), self.host)

    async def call(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(cast(Cloud, self.cloud), Principal.role("arn:r", "s"), "request")
        return await self._service.call(operation, parameters, context)

    async def text(self, text: str, **parameters: Any) -> Any:
        plain = {"SourceLanguageCode": "en", "TargetLanguageCode": "es"}
        return await self.call("TranslateText", **{"Text": text, **plain, **parameters})

    async def document(self, content: bytes, kind: str) -> bytes:
        answer = await self.call(
            "TranslateDocument",
            Document={"Content": content, "ContentType": kind},
            SourceLanguageCode="en",
            TargetLanguageCode="es",
        )
        assert model_violations("translate", "TranslateDocument", answer) == []
        return bytes(answer["TranslatedDocument"]["Content"])

    async def refusal(self, operation: str, **parameters: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self.call(operation, **parameters)
        return caught.value


@pytest.fixture
def translate(tmp_path: Path) -> Translate:
    return Translate(tmp_path)


def pair(source: str = "en", target: str = "es", **further: Any) -> dict[str, Any]:
    return {"SourceLanguageCode": source, "TargetLanguageCode": target, **further}


async def test_a_text_is_translated(translate: Translate) -> None:
    answer = await translate.text("house")
    assert model_violations("translate", "TranslateText", answer) == []
    assert answer == {"TranslatedText": "HOUSE", **pair()}


async def test_a_text_may_have_10000_bytes(translate: Translate) -> None:
    assert await translate.text("é" * 5_000)
    error = await translate.refusal("TranslateText", Text="é" * 5_000 + "x", **pair())
    assert error.code == "TextSizeLimitExceededException"
    assert "allowed is 10000 bytes while in this request the text size is 10001" in error.message


async def test_settings_that_the_engine_does_not_apply_are_not_named(translate: Translate) -> None:
    answer = await translate.text("house", Settings={"Formality": "FORMAL", "Profanity": "MASK"})
    assert answer["AppliedSettings"] == {}


async def test_a_pair_without_a_way_is_unsupported_with_its_fields(translate: Translate) -> None:
    error = await translate.refusal("TranslateText", Text="a", **pair("en", "de"))
    assert error.code == "UnsupportedLanguagePairException"
    assert error.fields == pair("en", "de")


async def test_a_missing_engine_is_named_with_its_remedy(tmp_path: Path) -> None:
    translate = Translate(tmp_path, EngineUnavailableError("Run this."))
    error = await translate.refusal("TranslateText", Text="a", **pair())
    assert (error.status, "Run this." in error.message) == (501, True)


async def test_an_engine_that_died_is_an_error_to_retry(tmp_path: Path) -> None:
    translate = Translate(tmp_path, EngineDiedError("died"))
    error = await translate.refusal("TranslateText", Text="a", **pair())
    assert (error.status, error.code) == (500, "InternalServerException")


async def test_varieties_are_read_as_their_language(translate: Translate) -> None:
    answer = await translate.text("a", SourceLanguageCode="en", TargetLanguageCode="es-MX")
    assert answer["TargetLanguageCode"] == "es-MX"
    assert translate.host.asked[-1][-1] == "es"


async def test_a_language_is_detected_by_the_callers_own_right(translate: Translate) -> None:
    answer = await translate.text("house", SourceLanguageCode="auto")
    assert answer["SourceLanguageCode"] == "en"
    [(service, operation, principal)] = translate.cloud.called
    assert (service, operation, principal.kind) == ("comprehend", "DetectDominantLanguage", "role")


@pytest.mark.parametrize(("score", "language"), [(0.3, "en"), (0.0, "")])
async def test_an_unsure_detection_is_said(tmp_path: Path, score: float, language: str) -> None:
    translate = Translate(tmp_path, score=score)
    error = await translate.refusal("TranslateText", Text="a", **pair("auto"))
    assert error.code == "DetectedLanguageLowConfidenceException"
    assert error.fields == {"DetectedLanguageCode": language}


async def test_a_model_of_the_users_goes_first(
    translate: Translate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDFALL_CTRANSLATE2_DIR", "models")
    await translate.text("a")
    assert translate.host.asked[0][0] == "CTranslate2Engine"


async def test_languages_are_those_that_are_served(translate: Translate) -> None:
    answer = await translate.call("ListLanguages")
    assert model_violations("translate", "ListLanguages", answer) == []
    codes = [language["LanguageCode"] for language in answer["Languages"]]
    assert codes == ["auto", "en", "pt-PT", "es", "es-MX"]
    first = await translate.call("ListLanguages", MaxResults=3)
    rest = await translate.call("ListLanguages", NextToken=first["NextToken"])
    assert [*first["Languages"], *rest["Languages"]] == answer["Languages"]
    assert "NextToken" not in rest
    error = await translate.refusal("ListLanguages", DisplayLanguageCode="fr")
    assert error.code == "UnsupportedDisplayLanguageCodeException"
    error = await translate.refusal("ListLanguages", NextToken="x")
    assert error.code == "InvalidParameterValueException"


async def import_terms(translate: Translate, name: str = "terms", **data: Any) -> Any:
    plain = {"File": b"en,es\nfront desk,recepci\xc3\xb3n\nlift,ascensor\n", "Format": "CSV"}
    return await translate.call(
        "ImportTerminology", Name=name, MergeStrategy="OVERWRITE", TerminologyData={**plain, **data}
    )


async def test_terms_are_applied_and_told(translate: Translate) -> None:
    await import_terms(translate)
    answer = await translate.text("the front desk, lifts, Lift, lift", TerminologyNames=["terms"])
    assert model_violations("translate", "TranslateText", answer) == []
    assert answer["TranslatedText"] == "THE recepción, LIFTS, LIFT, ascensor"
    assert answer["AppliedTerminologies"] == [
        {
            "Name": "terms",
            "Terms": [
                {"SourceText": "front desk", "TargetText": "recepción"},
                {"SourceText": "lift", "TargetText": "ascensor"},
            ],
        }
    ]


async def test_terms_of_other_languages_are_not_applied(translate: Translate) -> None:
    await import_terms(translate, File=b"en,fr\nhouse,maison\n")
    answer = await translate.text("house", TerminologyNames=["terms"])
    assert answer["AppliedTerminologies"] == [{"Name": "terms", "Terms": []}]


async def test_terminologies_are_kept_listed_and_forgotten(
    translate: Translate, tmp_path: Path
) -> None:
    imported = await import_terms(translate)
    assert model_violations("translate", "ImportTerminology", imported) == []
    again = Translate(tmp_path)
    found = await again.call("GetTerminology", Name="terms")
    assert model_violations("translate", "GetTerminology", found) == []
    properties = found["TerminologyProperties"]
    assert properties["TermCount"] == 2
    assert properties["TargetLanguageCodes"] == ["es"]
    location = Path(urlparse(found["TerminologyDataLocation"]["Location"]).path)
    assert location.read_bytes().startswith(b"en,es")
    listed = await again.call("ListTerminologies")
    assert model_violations("translate", "ListTerminologies", listed) == []
    assert [item["Name"] for item in listed["TerminologyPropertiesList"]] == ["terms"]
    await again.call("DeleteTerminology", Name="terms")
    for operation in ("GetTerminology", "DeleteTerminology"):
        error = await again.refusal(operation, Name="terms")
        assert error.code == "ResourceNotFoundException"


async def test_an_import_again_replaces_and_keeps_when_it_was_made(translate: Translate) -> None:
    first = (await import_terms(translate))["TerminologyProperties"]
    second = (await import_terms(translate, File=b"en,es\na,b\n"))["TerminologyProperties"]
    assert (second["TermCount"], second["CreatedAt"]) == (1, first["CreatedAt"])


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("../x", {}, "InvalidParameterValueException"),
        ("x" * 257, {}, "InvalidParameterValueException"),
        ("x", {"File": b""}, "InvalidParameterValueException"),
        ("x", {"File": b"\xff\xfe"}, "InvalidParameterValueException"),
        ("x", {"Format": "TMX"}, "InvalidParameterValueException"),
        ("x", {"Format": "XLS"}, "InvalidParameterValueException"),
        ("x", {"File": b"x" * (10 * 1024 * 1024 + 1)}, "LimitExceededException"),
    ],
)
async def test_a_bad_terminology_is_refused(
    translate: Translate, name: str, data: dict[str, Any], code: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        await import_terms(translate, name, **data)
    assert caught.value.code == code


async def test_one_terminology_at_most_and_only_one_that_is_there(translate: Translate) -> None:
    error = await translate.refusal("TranslateText", Text="a", **pair(TerminologyNames=["a", "b"]))
    assert error.code == "InvalidRequestException"
    error = await translate.refusal("TranslateText", Text="a", **pair(TerminologyNames=["a"]))
    assert error.code == "ResourceNotFoundException"


async def test_a_plain_document_is_translated(translate: Translate) -> None:
    assert await translate.document("a é\n\nb".encode(), "text/plain") == "A É\n\nB".encode()


async def test_an_html_document_keeps_its_markup(translate: Translate) -> None:
    content = (
        "<!DOCTYPE html><html><!-- c --><body class='a b'>one &amp; <b>two</b><br/>\n"
        '<script>var a = 1 < 2;</script><p translate="no">kept <i>so</i></p> <code>x()</code>'
        "<p>last &lt;</p></body></html>"
    )
    translated = await translate.document(content.encode(), "text/html")
    expected = (
        content.replace("one &amp;", "ONE &amp;").replace("two", "TWO").replace("last", "LAST")
    )
    assert translated.decode() == expected


async def test_a_word_document_keeps_its_paragraphs_and_tables(translate: Translate) -> None:
    document = docx.Document()
    document.add_heading("title", 1)
    paragraph = document.add_paragraph("one ")
    paragraph.add_run("two").bold = True
    document.add_table(1, 1).cell(0, 0).text = "cell"
    buffer = io.BytesIO()
    document.save(buffer)
    translated = docx.Document(io.BytesIO(await translate.document(buffer.getvalue(), WORD)))
    assert [p.text for p in translated.paragraphs] == ["TITLE", "ONE TWO"]
    assert translated.paragraphs[0].style.name == "Heading 1"
    assert translated.tables[0].cell(0, 0).text == "CELL"


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"x" * 102_401, "text/plain", "LimitExceededException"),
        (b"x", "application/pdf", "InvalidRequestException"),
        (b"\xff", "text/plain", "InvalidRequestException"),
        (b"no archive", WORD, "InvalidRequestException"),
    ],
)
async def test_a_document_that_is_not_taken_is_refused(
    translate: Translate, content: bytes, kind: str, code: str
) -> None:
    document = {"Content": content, "ContentType": kind}
    error = await translate.refusal("TranslateDocument", Document=document, **pair())
    assert error.code == code


async def test_a_document_may_have_100_kilobytes(translate: Translate) -> None:
    assert len(await translate.document(b"x" * 102_400, "text/plain")) == 102_400


async def test_parallel_data_is_refused_by_name(translate: Translate) -> None:
    error = await translate.refusal("CreateParallelData")
    assert (error.status, "CreateParallelData" in error.message) == (501, True)
