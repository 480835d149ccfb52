"""The type of NumPy arrays here."""

from typing import Any, TypeAlias

Array: TypeAlias = Any
"""`numpy.ndarray`. cv2 and onnxruntime publish no types, so a stricter one would be a guess."""
