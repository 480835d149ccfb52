"""Rekognition's image operations over the vision engine."""

from windfall_local.services.rekognition.service import RekognitionService

__all__ = ["RekognitionService"]
