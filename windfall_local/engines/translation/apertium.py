"""Translation by Apertium: rules and dictionaries, a few milliseconds a sentence.

Its programs are GPL; they run as processes of their own and talk through pipes.
"""

from __future__ import annotations

from collections.abc import Sequence

from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.translation import stream
from windfall_local.engines.translation.installation import (
    Installation,
    find_installation,
    find_route,
)
from windfall_local.engines.translation.pipeline import Pipeline, PipelineEndedError


class ApertiumEngine:
    """Translates by every pair that is installed, through a third language where it must.

    Args:
        installation: The Apertium to use; by default it is looked for at each first need, so
            that it may be installed while this runs.
    """

    def __init__(self, installation: Installation | None = None) -> None:
        self._installation = installation
        self._pipelines: dict[tuple[str, str], Pipeline] = {}

    def targets(self) -> dict[str, list[str]]:
        """Per source language, the languages it can be translated into."""
        pairs = set(self._found().modes())
        languages = sorted({language for pair in pairs for language in pair})
        return {
            source: reachable
            for source in languages
            if (reachable := [target for target in languages if _leads(pairs, source, target)])
        }

    def translate(self, text: str, source: str, target: str) -> str:
        """The text in the target language; blank lines and line breaks are kept."""
        # Brazilian and European Portuguese are read alike.
        source = "pt" if source == "pt-PT" else source
        for pair in self._route(source, target):
            text = "".join(self._ask(pair, body) + gap for body, gap in stream.split(text))
        return text

    def translate_all(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        """Several texts, each for itself."""
        self._route("pt" if source == "pt-PT" else source, target)
        return [self.translate(text, source, target) for text in texts]

    def close(self) -> None:
        """End the programs."""
        for pipeline in self._pipelines.values():
            pipeline.close()
        self._pipelines.clear()

    def _route(self, source: str, target: str) -> list[tuple[str, str]]:
        return find_route(set(self._found().modes()), source, target)

    def _found(self) -> Installation:
        if self._installation is None:
            self._installation = find_installation()
        return self._installation

    def _ask(self, pair: tuple[str, str], body: str) -> str:
        if not body:
            return ""
        pipeline = self._pipelines.get(pair)
        if pipeline is None:
            found = self._found()
            stages = found.stages(found.modes()[pair])
            pipeline = self._pipelines[pair] = Pipeline(stages, found.environment())
        request = stream.encode(body)
        try:
            answer = _whole_answer(pipeline, request)
        except PipelineEndedError:
            # A program that died of something else deserves a second try, one that dies of
            # this text does not.
            try:
                answer = _whole_answer(pipeline, request)
            except PipelineEndedError as error:
                raise EngineUnavailableError(
                    f"Apertium gave up twice on a text from {pair[0]} to {pair[1]}: {error}"
                ) from error
        translated = stream.decode(answer)
        return _begin_alike(body, translated)


def _whole_answer(pipeline: Pipeline, request: bytes) -> bytes:
    answer = pipeline.ask(request)
    if not stream.is_whole(answer):
        pipeline.close()
        raise PipelineEndedError("the answer is not whole")
    return answer


def _begin_alike(body: str, translated: str) -> str:
    """A translation that begins as its source does.

    A pronoun that Spanish leaves out leaves its blank, and a first word is given a capital even
    where the source has none (a list item, a part of a sentence between tags).
    """
    if not body[0].isspace():
        translated = translated.lstrip()
    if body[0].islower() and translated[:1].isupper() and not translated[1:2].isupper():
        translated = translated[0].lower() + translated[1:]
    return translated


def _leads(pairs: set[tuple[str, str]], source: str, target: str) -> bool:
    try:
        return bool(find_route(pairs, source, target))
    except UnsupportedFeatureError:
        return False
