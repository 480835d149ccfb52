"""What the profiles of now would change about files that were analyzed before.

The kind of a file and what is missing in it (a sound track, pictures) are known from its analysis;
with the profile of now, the object's metadata and what was asked for, the same code as admission's
makes the plan of now. Nothing is read of the file itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from windfall import identity
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.subject import Kind
from windfall.planning.plans import Plan, fitted, plan_for
from windfall.planning.profiles import Overrides, choose_profile, overrides_of
from windfall.planning.recipes import recipes_of
from windfall.preflight.inspection import Inspection

if TYPE_CHECKING:
    from windfall.contracts.subject import Asked
    from windfall.ports.collaborators import Profiles
    from windfall.ports.insights import FileRow, InsightsIndex


@dataclass(frozen=True, slots=True)
class SettingsNow:
    """Compares plans.

    Attributes:
        s3: An S3 client; it reads the metadata of objects.
    """

    profiles: Profiles
    index: InsightsIndex
    s3: Any

    def added(self, row: FileRow, asked: Asked | None) -> list[str] | None:
        """The features that would be found, or found anew; None where the settings are the same.

        None also where it can not be told: the analysis is forgotten (after a hundred days at
        least), the object is gone, or it is a table, whose settings are those of its model.

        Raises:
            InvalidInputError: The profile does not exist any more, or does not fit the file.
            InvalidProfileError: The profile is wrong.
        """
        before = self._analysis(row)
        metadata = self._metadata(row)
        if before is None or metadata is None or before.kind in {Kind.TABLE, Kind.DATASET}:
            return None
        overrides = overrides_of(metadata, _overrides(asked))
        _, profile = choose_profile(row.key, overrides.profile, self.profiles)
        plan = fitted(plan_for(before.kind, profile, overrides), _inspection(before))
        settings = identity.settings_hash(
            before.kind,
            before.file.format,
            plan.features,
            plan.text,
            audio=plan.audio,
            video=plan.video,
        )
        if identity.analysis_id(before.file.content_sha256, settings) == row.analysis_id:
            return None
        known = recipes_of(before)
        return [one.feature for one in recipes_of(_under(before, plan)) if one not in known]

    def _analysis(self, row: FileRow) -> AnalysisInput | None:
        found = None if row.analysis_id is None else self.index.analysis(row.analysis_id)
        try:
            return None if found is None else AnalysisInput.model_validate_json(found.document)
        except ValidationError:
            return None

    def _metadata(self, row: FileRow) -> Mapping[str, str] | None:
        place = {"Bucket": row.bucket, "Key": row.key}
        if row.version_id is not None:
            place["VersionId"] = row.version_id
        try:
            found = self.s3.head_object(**place)["Metadata"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {404, 405}:
                raise
            return None
        return {name.lower(): value for name, value in found.items()}


def _overrides(asked: Asked | None) -> Overrides:
    if asked is None:
        return Overrides()
    features, targets = asked.features, asked.targets
    return Overrides(
        profile=asked.profile,
        features=None if features is None else tuple(features),
        targets=None if targets is None else tuple(targets),
    )


def _inspection(before: AnalysisInput) -> Inspection:
    """What admission found out about the file, as far as its plan depends on it."""
    reasons = {one.feature: one.reason for one in before.skipped}
    no_sound = reasons.pop("transcript", None)
    file = before.file
    return Inspection(
        before.kind,
        file.format,
        file.media_type,
        no_sound=no_sound,
        no_pictures=next(iter(reasons.values()), None),
    )


def _under(before: AnalysisInput, plan: Plan) -> AnalysisInput:
    parts = {name: getattr(plan, name) for name in ("features", "text", "audio", "video")}
    return before.model_copy(update=parts)
