"""The operations on face collections."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

from windfall_local.api import ACCOUNT, CallContext, Cloud, ServiceError
from windfall_local.engines.vision.results import Face, FaceDetail
from windfall_local.services.rekognition.collections import Collections
from windfall_local.services.rekognition.images import read_image
from windfall_local.services.rekognition.parameters import (
    chosen,
    count,
    identifier,
    invalid,
    percentage,
)
from windfall_local.services.rekognition.shapes import (
    ATTRIBUTES,
    box_shape,
    detail_for,
    face_detail_shape,
)
from windfall_local.services.rekognition.similarity import cosine, similarity
from windfall_local.services.rekognition.vision import Vision

FACE_MODEL_VERSION = "1.0"
"""Digits and dots only, by Rekognition's model: the first version of ours, on faceres."""
MAX_FACES, MAX_RESULTS = 100, 4096
QUALITY_BARS = {"NONE": 0.0, "AUTO": 5.0, "LOW": 5.0, "MEDIUM": 15.0, "HIGH": 40.0}
"""Brightness and sharpness that a face must have; Amazon does not publish its own."""
_COLLECTION = r"_.\-"


def no_faces() -> ServiceError:
    """What Rekognition says where it needs a face and finds none."""
    return invalid("There are no faces in the image. Should be at least 1.")


class CollectionOperations:
    """CreateCollection, IndexFaces, SearchFaces and their kin."""

    _cloud: Cloud
    _vision: Vision
    _collections: Collections

    async def create_collection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Start a collection."""
        collection = _collection_id(parameters)
        self._collections.create(collection)
        return {
            "StatusCode": 200,
            # CreateCollection's own form has no "arn:" in front; DescribeCollection's has.
            "CollectionArn": self._arn(collection).removeprefix("arn:"),
            "FaceModelVersion": FACE_MODEL_VERSION,
        }

    async def list_collections(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """The ids of the collections, a page at a time."""
        most = count(parameters, "MaxResults", MAX_RESULTS, 0, MAX_RESULTS)
        after = str(parameters.get("NextToken") or "")
        names = [name for name in self._collections.ids() if name > after]
        page = names[:most]
        answer: dict[str, Any] = {
            "CollectionIds": page,
            "FaceModelVersions": [FACE_MODEL_VERSION] * len(page),
        }
        if page and len(names) > len(page):
            answer["NextToken"] = page[-1]
        return answer

    async def describe_collection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """How many faces a collection has, and since when."""
        collection = _collection_id(parameters)
        created, faces = self._collections.describe(collection)
        return {
            "FaceCount": faces,
            "FaceModelVersion": FACE_MODEL_VERSION,
            "CollectionARN": self._arn(collection),
            "CreationTimestamp": datetime.fromtimestamp(created, UTC),
            "UserCount": 0,
        }

    async def delete_collection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """End a collection and its faces."""
        self._collections.delete(_collection_id(parameters))
        return {"StatusCode": 200}

    async def index_faces(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Keep the faces of a picture; the same picture again adds nothing."""
        collection = _collection_id(parameters)
        self._collections.describe(collection)
        attributes = chosen(parameters, "DetectionAttributes", ATTRIBUTES, "DEFAULT")
        most = min(count(parameters, "MaxFaces", MAX_FACES, 1, 2**31 - 1), MAX_FACES)
        bar = _quality_bar(parameters, "AUTO")
        external = {}
        if "ExternalImageId" in parameters:
            external["ExternalImageId"] = identifier(
                parameters, "ExternalImageId", _COLLECTION + ":"
            )
        content = await read_image(parameters.get("Image") or {}, context)
        detail = detail_for(attributes)
        wanted = FaceDetail(detail.portrait, detail.expression, descriptor=True)
        faces = await self._vision.faces(content, wanted)
        seed = hashlib.sha256(content).hexdigest() + external.get("ExternalImageId", "")
        records: list[dict[str, Any]] = []
        unindexed: list[dict[str, Any]] = []
        kept: list[tuple[dict[str, Any], tuple[float, ...]]] = []
        for number, face in enumerate(faces):
            shape = face_detail_shape(face, attributes)
            reasons = _quality_reasons(face, bar)
            if not reasons and len(kept) >= most:
                reasons = ["EXCEEDS_MAX_FACES"]
            if reasons:
                unindexed.append({"Reasons": reasons, "FaceDetail": shape})
                continue
            stored = {**_face_shape(face, collection, seed, number), **external}
            kept.append((stored, face.descriptor or ()))
            records.append({"Face": stored, "FaceDetail": shape})
        self._collections.add(collection, kept)
        return {
            "FaceRecords": records,
            "UnindexedFaces": unindexed,
            "FaceModelVersion": FACE_MODEL_VERSION,
        }

    async def list_faces(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """The faces of a collection, a page at a time."""
        collection = _collection_id(parameters)
        most = count(parameters, "MaxResults", MAX_RESULTS, 0, MAX_RESULTS)
        after = _page_start(parameters)
        only = set(parameters.get("FaceIds") or [])
        stored = [
            one
            for one in self._collections.faces(collection)
            if one.number > after and (not only or one.face["FaceId"] in only)
        ]
        page = stored[:most]
        answer: dict[str, Any] = {
            "Faces": [one.face for one in page],
            "FaceModelVersion": FACE_MODEL_VERSION,
        }
        if page and len(stored) > len(page):
            answer["NextToken"] = str(page[-1].number)
        return answer

    async def delete_faces(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Take faces out of a collection."""
        collection = _collection_id(parameters)
        self._collections.describe(collection)
        deleted, failed = [], []
        for face_id in parameters.get("FaceIds") or []:
            if self._collections.remove(collection, face_id):
                deleted.append(face_id)
            else:
                failed.append({"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]})
        return {"DeletedFaces": deleted, "UnsuccessfulFaceDeletions": failed}

    async def search_faces(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Which faces of a collection are like one of its own."""
        collection = _collection_id(parameters)
        face_id = str(parameters.get("FaceId", ""))
        stored = self._collections.faces(collection)
        own = next((one for one in stored if one.face["FaceId"] == face_id), None)
        if own is None:
            raise invalid(f"faceId {face_id} was not found in the collection")
        matches = self._matches(parameters, collection, own.descriptor, face_id)
        return {
            "SearchedFaceId": face_id,
            "FaceMatches": matches,
            "FaceModelVersion": FACE_MODEL_VERSION,
        }

    async def search_faces_by_image(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Which faces of a collection are like the largest of a picture."""
        collection = _collection_id(parameters)
        self._collections.describe(collection)
        bar = _quality_bar(parameters, "NONE")
        content = await read_image(parameters.get("Image") or {}, context)
        found = await self._vision.faces(content, FaceDetail(descriptor=True))
        faces = [face for face in found if not _quality_reasons(face, bar)]
        if not faces:
            raise no_faces()
        return {
            "SearchedFaceBoundingBox": box_shape(faces[0].box),
            "SearchedFaceConfidence": faces[0].score * 100,
            "FaceMatches": self._matches(
                parameters, collection, faces[0].descriptor or (), leave_out=None
            ),
            "FaceModelVersion": FACE_MODEL_VERSION,
        }

    def _matches(
        self,
        parameters: dict[str, Any],
        collection: str,
        descriptor: tuple[float, ...],
        leave_out: str | None,
    ) -> list[dict[str, Any]]:
        threshold = percentage(parameters, "FaceMatchThreshold", 80)
        most = count(parameters, "MaxFaces", MAX_RESULTS, 1, MAX_RESULTS)
        compared = [
            (similarity(cosine(descriptor, one.descriptor)), one.face)
            for one in self._collections.faces(collection)
            if one.face["FaceId"] != leave_out
        ]
        alike = sorted((pair for pair in compared if pair[0] >= threshold), key=lambda p: -p[0])
        return [{"Similarity": value, "Face": face} for value, face in alike[:most]]

    def _arn(self, collection: str) -> str:
        return f"arn:aws:rekognition:{self._cloud.region}:{ACCOUNT}:collection/{collection}"


def _collection_id(parameters: dict[str, Any]) -> str:
    return identifier(parameters, "CollectionId", _COLLECTION)


def _page_start(parameters: dict[str, Any]) -> int:
    token = parameters.get("NextToken")
    if token is None:
        return 0
    if not str(token).isdigit():
        raise ServiceError("InvalidPaginationTokenException", "The NextToken is not one of ours.")
    return int(token)


def _quality_bar(parameters: dict[str, Any], default: str) -> float:
    name = str(parameters.get("QualityFilter", default))
    if name not in QUALITY_BARS:
        raise invalid(f"QualityFilter has the unknown value {name}.")
    return QUALITY_BARS[name]


def _quality_reasons(face: Face, bar: float) -> list[str]:
    reasons = []
    if face.quality.brightness < bar:
        reasons.append("LOW_BRIGHTNESS")
    if face.quality.sharpness < bar:
        reasons.append("LOW_SHARPNESS")
    return reasons


def _face_shape(face: Face, collection: str, seed: str, number: int) -> dict[str, Any]:
    # Made from the picture, so that indexing it again finds the face that is there already.
    image = uuid.uuid5(uuid.NAMESPACE_OID, f"{collection}/{seed}")
    return {
        "FaceId": str(uuid.uuid5(image, str(number))),
        "ImageId": str(image),
        "BoundingBox": box_shape(face.box),
        "Confidence": face.score * 100,
        "IndexFacesModelVersion": FACE_MODEL_VERSION,
    }
