"""Amazon Polly over the local voice engine.

service   `PollyService`: the operations
request   one request for speech, checked
speaking  requests to the engines and back
task      one speech synthesis task
tasks     the work on them: texts that are spoken into S3
voices    which voices there are, and who speaks them
lexicons  the pronunciation lexicons that were put
"""

from windfall_local.services.polly.service import PollyService

__all__ = ["PollyService"]
