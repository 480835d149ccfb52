"""Amazon Translate, text by text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.ports.analysis_services import Translated

if TYPE_CHECKING:
    from windfall.contracts.languages import Formality, Profanity


class TranslateTranslation:
    """Translates with Amazon Translate."""

    def translate(
        self,
        text: str,
        source: str,
        target: str,
        *,
        terminologies: Sequence[str] = (),
        formality: Formality | None = None,
        profanity: Profanity | None = None,
    ) -> Translated:
        """Translate at most 10,000 bytes."""
        options: dict[str, Any] = {}
        if terminologies:
            options["TerminologyNames"] = list(terminologies)
        settings = {"Formality": formality, "Profanity": profanity}
        chosen = {name: value for name, value in settings.items() if value is not None}
        if chosen:
            options["Settings"] = chosen
        with translated_errors():
            answer = ai_client("translate").translate_text(
                Text=text, SourceLanguageCode=source, TargetLanguageCode=target, **options
            )
        return Translated(answer["TranslatedText"], answer["SourceLanguageCode"])
