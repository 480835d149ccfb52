"""Transcribe: jobs that listen to recordings in S3.

service       the operations
orders        what a StartTranscriptionJob asks for, checked
jobs          the jobs of one cloud, kept on disk
listening     a job's work: fetch, decode, hear, write
kept          what a job keeps beside it
transcript    words as AWS's JSON
redaction     personal data taken out of words
subtitles     words as WebVTT and SubRip
vocabularies  vocabularies and vocabulary filters
"""

from windfall_local.services.transcribe.service import TranscribeService

__all__ = ["TranscribeService"]
