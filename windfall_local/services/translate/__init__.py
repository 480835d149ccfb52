"""Amazon Translate over the local translation engine.

service        `TranslateService`: the operations
terminology    custom terms: the formats they come in, and how they are applied
terminologies  the terminologies that were imported
documents      plain, HTML and Word documents
languages      the languages' names
"""

from windfall_local.services.translate.service import TranslateService

__all__ = ["TranslateService"]
