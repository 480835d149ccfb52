"""Rekognition over the vision engines: images at once, videos by jobs."""

from windfall_local.services.rekognition.service import RekognitionService

__all__ = ["RekognitionService"]
