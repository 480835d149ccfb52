"""Amazon Translate over the local translation engine.

service        `TranslateService`: the operations
terminology    custom terms: the formats they come in, and how they are applied
terminologies  the terminologies that were imported
documents      plain, HTML and Word documents
translating    texts to the engine and back
jobs           the batch jobs: accepted, worked on, stopped
job            one batch job: its request, checked, and its record
batch          the work of a job
details        what became of its documents
languages      the languages' names
"""

from windfall_local.services.translate.service import TranslateService

__all__ = ["TranslateService"]
