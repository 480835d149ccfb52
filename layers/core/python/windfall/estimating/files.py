"""From a file's plan and a look at its bytes to what it would cost."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from windfall.contracts.estimate import Amount, Estimate, FeatureEstimate
from windfall.contracts.outcome import ServiceCall
from windfall.contracts.subject import Kind
from windfall.contracts.table import ScoringMode
from windfall.errors import InvalidInputError
from windfall.estimating import rates
from windfall.estimating.languages import likely_language
from windfall.estimating.texts import (
    Reckoned,
    Text,
    assumed_language,
    features_of_speech,
    features_of_text,
)
from windfall.metering import image_call, transcribe_call, video_call
from windfall.text.extraction import MOST_CHARACTERS, extract

if TYPE_CHECKING:
    from windfall.contracts.analysis import TextPlan
    from windfall.planning.plans import Plan
    from windfall.preflight.inspection import Inspection
    from windfall.preflight.snapshot import Snapshot
    from windfall.pricing import PriceList

_MOST_READ = 5_000_000
"""Bytes of a text that is read to be estimated: admission has not the time of prepare_text."""
_PACKED = frozenset({"docx", "pdf"})
_BY_THE_HOUR = "an endpoint is paid for by the hour, whatever it scores"


@dataclass(frozen=True, slots=True)
class Estimator:
    """Prices files that are planned for."""

    prices: PriceList

    def estimate(
        self, profile: str, plan: Plan, inspection: Inspection, snapshot: Snapshot
    ) -> Estimate:
        """What the file would cost if nothing of it was bought before.

        Args:
            profile: The profile's name.
            plan: What is done with it.
            inspection: What it is.
            snapshot: Its bytes.
        """
        work = _Reckoning(plan, inspection, snapshot)
        features = [self._priced(reckoned) for reckoned in work.features()]
        return Estimate(
            kind=inspection.kind,
            format=inspection.format,
            profile=profile,
            cost=round(sum(feature.cost or 0.0 for feature in features), 9),
            features=features,
            unpriced=[feature.feature for feature in features if feature.cost is None],
            amounts=work.amounts,
            language=work.language,
            language_basis=work.language_basis,
            region=self.prices.region,
            prices_of=self.prices.date if self.prices.prices else None,
            sources=self._sources(features),
        )

    def _priced(self, reckoned: Reckoned) -> FeatureEstimate:
        unpriced = reckoned.note == _BY_THE_HOUR
        cost = None if unpriced else self.prices.cost_of(reckoned.calls)
        rough = cost if reckoned.is_rough else None
        return FeatureEstimate(
            feature=reckoned.feature,
            calls=list(reckoned.calls),
            cost=cost,
            least=None if rough is None else round(rough * rates.LEAST, 9),
            most=None if rough is None else round(rough * rates.MOST, 9),
            note=reckoned.note,
        )

    def _sources(self, features: Sequence[FeatureEstimate]) -> list[str]:
        calls = [call for feature in features for call in feature.calls]
        found = (self.prices.price_of(call) for call in calls)
        return sorted({price.source for price in found if price is not None})


@dataclass(slots=True)
class _Reckoning:
    """One file's calls, and the amounts that they come from."""

    plan: Plan
    inspection: Inspection
    snapshot: Snapshot
    amounts: list[Amount] = field(default_factory=list)
    language: str | None = None
    language_basis: str | None = None

    def features(self) -> Iterator[Reckoned]:
        kinds: dict[Kind, Callable[[], Iterator[Reckoned]]] = {
            Kind.IMAGE: self._image,
            Kind.TEXT: self._text,
            Kind.AUDIO: self._audio,
            Kind.VIDEO: self._video,
            Kind.TABLE: self._table,
            Kind.DATASET: self._dataset,
        }
        yield from kinds[self.inspection.kind]()
        for skipped in self.plan.skipped:
            yield Reckoned(skipped.feature, note=skipped.reason)

    def _told(self, name: str, value: float, unit: str, basis: str | None = None) -> None:
        self.amounts.append(Amount(name=name, value=value, unit=unit, basis=basis))

    def _image(self) -> Iterator[Reckoned]:
        self._told("picture", 1, "picture")
        for planned in self.plan.features:
            yield Reckoned(planned.feature, [image_call(planned.feature)])
        if self.plan.text is None:
            return
        shown = importlib.import_module("windfall.estimating.pictures").shown_text(self.snapshot)
        self._told("text in the picture", shown.characters, "characters", shown.basis)
        if shown.characters:
            self._assume_language(self.plan.text)
            self._told_translations(self.plan.text)
            text = Text(shown.characters, self.language)
            yield from features_of_text(self.plan.text, text)

    def _text(self) -> Iterator[Reckoned]:
        try:
            characters = self._read() if self.snapshot.size <= _MOST_READ else self._weighed()
        except InvalidInputError as error:
            yield Reckoned("language", note=str(error))
            return
        if self.plan.text is not None:
            self._told_translations(self.plan.text)
            yield from features_of_text(self.plan.text, Text(characters, self.language))

    def _read(self) -> int:
        """The characters of a text, counted."""
        found = extract(self.snapshot.whole(), self.inspection.format).text
        self._told("text", len(found), "characters")
        self._speaks(likely_language(found), "by its small words")
        return len(found)

    def _weighed(self) -> int:
        """The characters of a text that takes too long to be read twice, by its size."""
        is_packed = self.inspection.format in _PACKED
        rate = rates.PACKED if is_packed else rates.WRITTEN
        characters = min(MOST_CHARACTERS, round(self.snapshot.size / rate.value))
        self._told("text", characters, "characters", rate.basis)
        beginning = "" if is_packed else self.snapshot.beginning().decode("utf-8", "replace")
        self._speaks(likely_language(beginning), "by the small words of its beginning")
        return characters

    def _audio(self) -> Iterator[Reckoned]:
        yield from self._sound(self._seconds(rates.SOUND_BYTES))

    def _video(self) -> Iterator[Reckoned]:
        seconds = self._seconds(rates.VIDEO_BYTES)
        for planned in self.plan.video.features if self.plan.video is not None else ():
            yield Reckoned(planned.feature, [video_call(planned.feature, seconds)])
        yield from self._sound(seconds)

    def _sound(self, seconds: float) -> Iterator[Reckoned]:
        audio, plan = self.plan.audio, self.plan.text
        if audio is None:
            return
        yield Reckoned("transcript", [transcribe_call(seconds, redacted=audio.redact)])
        if plan is None:
            return
        characters = round(rates.SPEECH.value * seconds)
        self._told("what is said", characters, "characters", rates.SPEECH.basis)
        if len(audio.languages) == 1:
            self._speaks(audio.languages[0].partition("-")[0], "the only one of audio.languages")
        else:
            self._assume_language(plan)
        self._told_translations(plan, dubbed=True)
        yield from features_of_speech(plan, Text(characters, self.language))

    def _table(self) -> Iterator[Reckoned]:
        self._told("table", self.snapshot.size, "bytes")
        table = self.plan.table
        if table is None or table.mode is not ScoringMode.BATCH_TRANSFORM:
            yield Reckoned("predictions", note=_BY_THE_HOUR)
            return
        yield self._job("predictions", "Transform", table.instance_type, table.instance_count)

    def _dataset(self) -> Iterator[Reckoned]:
        self._told("table", self.snapshot.size, "bytes")
        training = self.plan.training
        if training is None:
            return
        if training.model_data is None:
            yield self._job("training", "Training", training.instance_type, training.instance_count)
        yield self._job("evaluation", "Transform", training.instance_type)
        if training.explain:
            yield self._job("explanation", "Processing", training.instance_type)
        if training.deploy.mode != "none":
            yield Reckoned("registration", note=_BY_THE_HOUR)

    def _job(self, feature: str, kind: str, instance_type: str, instances: int = 1) -> Reckoned:
        rate = {
            "Training": rates.TRAINING,
            "Transform": rates.PREDICTING,
            "Processing": rates.EXPLAINING,
        }[kind]
        seconds = instances * rate.seconds(self.snapshot.size)
        self._told(feature, seconds, f"seconds of {instance_type}", rate.basis)
        call = ServiceCall(
            service="sagemaker",
            operation=f"Create{kind}Job",
            variant=instance_type,
            count=1,
            units=seconds,
        )
        return Reckoned(feature, [call], is_rough=True)

    def _seconds(self, by_size: rates.Rate) -> float:
        media = self.inspection.media
        if media is not None and media.seconds is not None:
            self._told("length", media.seconds, "seconds")
            return media.seconds
        seconds = self.snapshot.size / by_size.value
        self._told("length", round(seconds, 3), "seconds", by_size.basis)
        return seconds

    def _assume_language(self, plan: TextPlan) -> None:
        basis = "not known yet; the first of the languages that it is translated into"
        self._speaks(assumed_language(plan), basis)

    def _speaks(self, language: str | None, basis: str) -> None:
        self.language = language
        self.language_basis = basis if language else "not known; taken for none of the targets"

    def _told_translations(self, plan: TextPlan, *, dubbed: bool = False) -> None:
        if not plan.languages:
            return
        rate = rates.TRANSLATION
        self._told("translation", rate.value, "times the text", rate.basis)
        if dubbed and any(target.speech is not None for target in plan.languages):
            takes = rates.TAKES
            self._told("dubbing", takes.value, "times the translation", takes.basis)
