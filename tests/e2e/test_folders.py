"""Folders of documents: one batch job for each type, each document with its end, paid for once."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import docx
import jsonschema
import pytest

from tests.e2e.deployment import Deployment, until
from tests.e2e.listener import Listener
from tests.e2e.schemas import schema
from tests.e2e.stops import stop
from tests.e2e.test_command_line import windfall
from windfall import identity, keys
from windfall.contracts.translations import FolderTranslationRequested, TranslationManifest

pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]


def jobs(deployment: Deployment) -> list[dict[str, Any]]:
    answer = deployment.client("translate").list_text_translation_jobs()
    return list(answer["TextTranslationJobPropertiesList"])


def a_letter(text: str) -> bytes:
    document, body = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(body)
    return body.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two types in two folders, a text that is none, and a picture."""
    folder = tmp_path / "Our letters"
    (folder / "more").mkdir(parents=True)
    (folder / "one.txt").write_text(f"The house is big. {uuid.uuid4().hex}")
    (folder / "more" / "two.txt").write_text("The cat is black.")
    (folder / "broken.txt").write_bytes(b"\xff\xfe\xff no text")
    (folder / "three.docx").write_bytes(a_letter("The book is good."))
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


def test_each_document_has_its_translation_or_a_reason_and_is_paid_for_once(
    deployment: Deployment,
    request: pytest.FixtureRequest,
    folder: Path,
    tmp_path: Path,
    listener: Listener,
) -> None:
    before = len(jobs(deployment))
    saved = tmp_path / "saved"
    order = ("translate", str(folder), "--to", "es", "--from", "en", "--json")
    first = windfall(deployment, request, *order, "--save", str(saved))
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["left"] == ["picture.png"]
    texts, words = sorted(told["translations"], key=lambda one: one["status"])
    assert (texts["status"], words["status"]) == ("partial", "translated")
    ends = {one["document"]: one for one in texts["documents"] + words["documents"]}
    assert ends.keys() == {"one.txt", "more/two.txt", "broken.txt", "three.docx"}
    assert ends["broken.txt"]["translation"] is None
    assert "UTF-8" in ends["broken.txt"]["reason"]
    assert texts["cost"] > 0

    assert "casa" in (saved / "es" / "one.txt").read_text()
    assert "gato" in (saved / "es" / "more" / "two.txt").read_text()
    assert "libro" in docx.Document(str(saved / "es" / "three.docx")).paragraphs[0].text
    written = ends["three.docx"]["translation"]
    assert written["key"].startswith(f"translations/{words['translation_id']}/")
    heard = listener.wait(
        lambda one: one["detail"].get("translation_id") == texts["translation_id"],
        "the end of the texts",
    )
    schemas = ("folder_translated", heard["detail"]), ("translation_manifest", texts)
    for name, document in schemas:
        jsonschema.validate(document, schema(name))
    assert heard["detail-type"] == "FolderTranslated"
    assert (heard["detail"]["translations"], heard["detail"]["failed"]) == (3, 1)

    again = windfall(deployment, request, *order, "--wait")
    assert json.loads(again.stdout) == told
    assert len(jobs(deployment)) == before + 2


def test_a_request_of_the_bus_that_is_made_twice_is_one_job(deployment: Deployment) -> None:
    place = f"letters-{uuid.uuid4().hex}/"
    bucket = deployment.output("InboxBucketName")
    deployment.drop_cheap(f"{place}a.txt", b"The house is big.")
    asked = FolderTranslationRequested(
        request="twice", bucket=bucket, prefix=place, source="en", targets=["es", "ca"]
    )
    before = len(jobs(deployment))
    for _ in range(2):
        deployment.put_event("FolderTranslationRequested", asked.model_dump(mode="json"))
    manifest = manifest_of(deployment, asked)
    assert (manifest.status, len(manifest.documents)) == ("translated", 2)
    ended = until(lambda: executions(deployment, asked, 2), "both executions")
    assert ended == {"SUCCEEDED"}
    assert len(jobs(deployment)) == before + 1


def test_a_folder_without_documents_fails_with_the_reason_and_may_be_asked_for_again(
    deployment: Deployment,
) -> None:
    place = f"later-{uuid.uuid4().hex}/"
    bucket = deployment.output("InboxBucketName")
    asked = FolderTranslationRequested(
        request="later", bucket=bucket, prefix=place, source="en", targets=["es"]
    )
    deployment.put_event("FolderTranslationRequested", asked.model_dump(mode="json"))
    manifest = manifest_of(deployment, asked)
    assert manifest.status == "failed"
    assert "no documents" in (manifest.reason or "")

    deployment.drop_cheap(f"{place}a.txt", b"The house is big.")
    deployment.put_event("FolderTranslationRequested", asked.model_dump(mode="json"))
    until(lambda: manifest_of(deployment, asked).status == "translated", "a manifest of the mended")
    mended = manifest_of(deployment, asked)
    assert [one.document for one in mended.documents] == ["a.txt"]


@contextmanager
def unheard(deployment: Deployment) -> Iterator[None]:
    """Nobody hears that executions break off: Step Functions' word of it is best effort."""
    events, rule = deployment.client("events"), deployment.resources["ExecutionFailedRule"]
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


@pytest.mark.parametrize("is_heard", [True, False], ids=["told", "not told"])
def test_who_asked_hears_that_a_translation_was_stopped_and_may_ask_again(
    deployment: Deployment, listener: Listener, is_heard: bool
) -> None:
    with nullcontext() if is_heard else unheard(deployment):
        asked = until(lambda: stopped_in_time(deployment), "a translation that was stopped")
        if not is_heard:
            deployment.reconcile()
    told = listener.wait(
        lambda one: one["detail"].get("prefix") == asked.prefix, "the end of what was stopped"
    )
    assert told["detail"]["status"] == "failed"
    assert "stopped by somebody (the wrong folder)" in told["detail"]["reason"]
    assert manifest_of(deployment, asked).status == "failed"

    deployment.put_event("FolderTranslationRequested", asked.model_dump(mode="json"))
    until(lambda: manifest_of(deployment, asked).status == "translated", "a translation after all")


def stopped_in_time(deployment: Deployment) -> FolderTranslationRequested | None:
    """Begin a translation and stop it; None if it had ended before."""
    place = f"stopped-{uuid.uuid4().hex}/"
    bucket = deployment.output("InboxBucketName")
    deployment.drop_cheap(f"{place}a.txt", b"The house is big.")
    asked = FolderTranslationRequested(
        request="stopped", bucket=bucket, prefix=place, source="en", targets=["es"]
    )
    arn = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.output("TranslateFolderMachineArn"),
        input=asked.model_dump_json(),
    )["executionArn"]
    return asked if stop(deployment, arn, "the wrong folder") else None


def manifest_of(deployment: Deployment, asked: FolderTranslationRequested) -> TranslationManifest:
    name = identity.translation_id(asked.model_dump(mode="json"))
    prefix = keys.translation_prefix(name)
    until(lambda: deployment.versions(f"{prefix}manifest.json") or None, "a manifest")
    return TranslationManifest.model_validate_json(deployment.read(f"{prefix}manifest.json"))


def executions(
    deployment: Deployment, asked: FolderTranslationRequested, count: int
) -> set[str] | None:
    """The statuses of the executions for a request, once they have ended."""
    states = deployment.client("stepfunctions")
    found = [
        states.describe_execution(executionArn=arn)
        for arn in deployment.executions("TranslateFolderMachineArn")
    ]
    ours = [one for one in found if json.loads(one["input"])["prefix"] == asked.prefix]
    statuses = {str(one["status"]) for one in ours}
    return statuses if len(ours) == count and "RUNNING" not in statuses else None
