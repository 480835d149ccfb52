"""Amazon Polly over the local voice engine.

service   `PollyService`: the operations
request   one SynthesizeSpeech request, checked
voices    which voices there are, and who speaks them
lexicons  the pronunciation lexicons that were put
"""

from windfall_local.services.polly.service import PollyService

__all__ = ["PollyService"]
