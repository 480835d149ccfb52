"""Files with insights, put into a table and buckets as the functions would have left them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from windfall import identity, keys
from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.clock import timestamp
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.contracts.subject import FileIdentity, Kind
from windfall.manifest import manifest_of, result_files
from windfall.ports.insights import Attachment
from windfall.terms import has_terms, terms_of

OUTPUTS = {
    "InsightsTableName": "insights",
    "InboxBucketName": "browse-inbox",
    "ResultsBucketName": "browse-results",
}
INBOX, RESULTS = OUTPUTS["InboxBucketName"], OUTPUTS["ResultsBucketName"]


class Shelf:
    """Puts files there.

    Args:
        s3: A client.
        dynamodb: A client.
    """

    def __init__(self, s3: Any, dynamodb: Any) -> None:
        self._s3 = s3
        self._dynamodb = dynamodb
        self._index = DynamoInsightsIndex(OUTPUTS["InsightsTableName"], dynamodb)

    def make(self) -> None:
        """Make the table and the buckets, as the template does."""
        names = ("pk", "sk", "recent_pk", "recent_sk")
        self._dynamodb.create_table(
            TableName=OUTPUTS["InsightsTableName"],
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_key("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": keys.RECENT_INDEX,
                    "KeySchema": _key("recent_pk", "recent_sk"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        for bucket in (INBOX, RESULTS):
            self._s3.create_bucket(Bucket=bucket)

    def put(
        self,
        key: str,
        body: bytes,
        kind: Kind,
        file_format: str,
        results: Mapping[str, Any],
        *,
        others: Mapping[str, bytes] | None = None,
        more: Sequence[Outcome] = (),
        ago: timedelta = timedelta(minutes=1),
    ) -> Manifest:
        """Put a file and what was found in it.

        Args:
            key: What it is called.
            body: Its bytes.
            kind: What it is.
            file_format: What its bytes are.
            results: By feature, the raw answer, or the text that was made.
            others: Further results, by their names.
            more: Further outcomes.
            ago: How long it was received before now.
        """
        self._s3.put_object(Bucket=INBOX, Key=key, Body=body)
        received = timestamp(datetime.now(UTC) - ago)
        file = FileIdentity(
            file_id=identity.file_id(INBOX, key, received),
            bucket=INBOX,
            key=key,
            size=len(body),
            format=file_format,
            media_type="application/octet-stream",
            content_sha256="b" * 64,
        )
        outcomes = [*(self._result(file, feature, raw) for feature, raw in results.items()), *more]
        for name, content in (others or {}).items():
            self._s3.put_object(Bucket=RESULTS, Key=_result_key(file, name), Body=content)
        return self._record(file, kind, received, outcomes, results)

    def _result(self, file: FileIdentity, feature: str, raw: Any) -> Outcome:
        text = isinstance(raw, str)
        key = _result_key(file, f"{feature}.{'txt' if text else 'json'}")
        body = raw if isinstance(raw, str) else json.dumps(raw)
        self._s3.put_object(Bucket=RESULTS, Key=key, Body=body.encode())
        return Outcome(
            feature=feature,
            status=OutcomeStatus.OK,
            result=S3Pointer(bucket=RESULTS, key=key),
            calls=[ServiceCall(service="rekognition", operation="Detect", count=1, units=1)],
            cost=0.001,
        )

    def _record(
        self,
        file: FileIdentity,
        kind: Kind,
        received: str,
        outcomes: Sequence[Outcome],
        results: Mapping[str, Any],
    ) -> Manifest:
        attachment = Attachment(
            file=file,
            kind=kind,
            received=received,
            profile="default",
            settings_hash="c" * 64,
            retention_days=365,
            revision=1,
        )
        plan = AnalysisInput(
            analysis_id=identity.file_id("analysis", file.file_id, "1"),
            attempt=1,
            kind=kind,
            profile="default",
            received=received,
            file=file,
            source=S3Pointer(bucket=INBOX, key=file.key),
            output=OutputLocation(bucket=RESULTS, prefix=keys.results_prefix(file.file_id)),
        )
        seen = self._index.analyses_of(identity.content_id(file.content_sha256, kind, file.format))
        self._index.begin(plan, attachment, file.file_id, None, None, seen)
        listed = self._s3.list_objects_v2(Bucket=RESULTS, Prefix=plan.output.prefix)
        names = [one["Key"] for one in listed.get("Contents", [])]
        failed = any(outcome.status is OutcomeStatus.FAILED for outcome in outcomes)
        manifest = manifest_of(
            attachment,
            plan,
            status=FileStatus.PARTIAL if failed else FileStatus.ANALYZED,
            recorded=timestamp(datetime.now(UTC)),
            outcomes=outcomes,
            files=result_files(plan.output, names),
            before=None,
        )
        document = manifest.model_dump_json().encode()
        self._s3.put_object(Bucket=RESULTS, Key=keys.manifest_key(file.file_id), Body=document)
        raws = {name: raw for name, raw in results.items() if has_terms(name)}
        self._index.write_generation(attachment, outcomes, terms_of(raws))
        self._index.show(manifest, attachment, generation=True)
        return manifest

    def turn_away(self, key: str, reason: str, status: FileStatus = FileStatus.REJECTED) -> None:
        """Put a file that nothing was found in."""
        received = timestamp(datetime.now(UTC))
        manifest = Manifest(
            file_id=identity.file_id(INBOX, key, received),
            bucket=INBOX,
            key=key,
            status=status,
            reason=reason,
            received=received,
            recorded=received,
            seconds=0.1,
        )
        self._index.turn_away(manifest, 1, 365)
        document = manifest.model_dump_json().encode()
        self._s3.put_object(Bucket=RESULTS, Key=keys.manifest_key(manifest.file_id), Body=document)


def _result_key(file: FileIdentity, name: str) -> str:
    return keys.results_prefix(file.file_id) + name


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
