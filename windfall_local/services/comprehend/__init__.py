"""Amazon Comprehend over the local language engine.

service  `ComprehendService`: the operations and their batch forms
limits   what AWS refuses, in its words
answers  the engine's findings in the API's shapes
"""

from windfall_local.services.comprehend.service import ComprehendService

__all__ = ["ComprehendService"]
