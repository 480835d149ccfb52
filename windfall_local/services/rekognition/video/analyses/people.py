"""Faces that are somebody's: of a collection, or of the gallery.

A face is followed from sample to sample, and a person who comes again is the same one. People are
compared by the mean of all their descriptors: one blurred sample does not change who somebody is.
"""

from __future__ import annotations

import asyncio
import base64
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from windfall_local.engines.video import VIDEO, Looked, Span
from windfall_local.engines.video.tracks import Mark, Tracker, same_people
from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.results import Box, Face, FaceDetail
from windfall_local.services.rekognition.collections import Collections, StoredFace
from windfall_local.services.rekognition.gallery import Gallery, Person, nearest
from windfall_local.services.rekognition.parameters import identifier, percentage
from windfall_local.services.rekognition.shapes import face_detail_shape
from windfall_local.services.rekognition.similarity import MATCH, similarity
from windfall_local.services.rekognition.video.analyses import (
    Answer,
    Film,
    SampledAnalysis,
    chosen_one,
    samples,
)
from windfall_local.services.rekognition.video.analyses.faces import FACE_MODELS, MOST_FACES
from windfall_local.services.rekognition.video.jobs import VideoJob
from windfall_local.services.rekognition.video.results import Results

DEFAULT_THRESHOLD = 80.0
_GAP = 2
"""Samples in which a face may be missed, a second in all, before its track ends."""

Descriptor = Array
"""1,024 numbers, of length 1."""


class _FacesAnalysis(SampledAnalysis):
    """What follows faces through a video."""

    models = FACE_MODELS

    async def see(self, job: VideoJob, film: Film, span: Span) -> Looked[Any]:
        """Each face's default shape, and its descriptor as text."""
        detail = FaceDetail(descriptor=True)
        looked: Looked[Face] = await film.host.run(VIDEO, "faces", film.path, span, detail)
        kept = [
            (
                at,
                [
                    [face_detail_shape(face, {"DEFAULT"}), _packed(face.descriptor or ())]
                    for face in faces[:MOST_FACES]
                ],
            )
            for at, faces in looked.samples
        ]
        return Looked(kept, looked.ended)

    @abstractmethod
    async def name(self, job: VideoJob, people: list[Descriptor]) -> list[Any]:
        """What `item` is to know of each person, by a descriptor."""

    @abstractmethod
    def item(self, person: int, face: Answer, who: Any) -> Answer | None:
        """A person's face as an item of the results, if it is one."""

    @abstractmethod
    def orders(self) -> dict[str, Any]:
        """What the results can be sorted by."""

    async def write(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Faces with whose they are, by time."""
        people, descriptors = await asyncio.to_thread(_people, folder)
        who = await self.name(job, descriptors)
        results, items = Results(folder, "items"), self._items(folder, people, who)
        await asyncio.to_thread(results.write, items, self.orders())

    def view(self, request: Answer) -> tuple[str, str]:
        """By SortBy."""
        return "items", chosen_one(request, "SortBy", tuple(self.orders()))

    def _items(self, folder: Path, people: list[int], who: list[Any]) -> Iterator[Answer]:
        for at, faces in _followed(folder):
            for track, face, _ in faces:
                person = people[track]
                item = self.item(person, face, who[person])
                if item is not None:
                    yield {"Timestamp": at, **item}


class FaceSearch(_FacesAnalysis):
    """StartFaceSearch and GetFaceSearch.

    Args:
        collections: Whose faces are searched.
    """

    start = "StartFaceSearch"
    root = "Persons"

    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    def check(self, request: Answer) -> None:
        """Threshold and collection."""
        percentage(request, "FaceMatchThreshold", DEFAULT_THRESHOLD)
        self._collections.describe(identifier(request, "CollectionId", r"_.\-"))

    async def name(self, job: VideoJob, people: list[Descriptor]) -> list[Any]:
        """The matches of each person, the most alike first."""
        threshold = percentage(job.request, "FaceMatchThreshold", DEFAULT_THRESHOLD)
        known = await asyncio.to_thread(self._collections.faces, job.request["CollectionId"])
        return await asyncio.to_thread(_matches, people, known, threshold)

    def item(self, person: int, face: Answer, who: Any) -> Answer | None:
        """A `PersonMatch`; a person without a match is one too."""
        return {"Person": {"Index": person, "Face": face}, "FaceMatches": who}

    def orders(self) -> dict[str, Any]:
        """By time, or person by person."""
        return {
            "TIMESTAMP": None,
            "INDEX": lambda item: (item["Person"]["Index"], item["Timestamp"]),
        }


class CelebrityRecognition(_FacesAnalysis):
    """StartCelebrityRecognition and GetCelebrityRecognition, against the user's gallery.

    Args:
        gallery: The faces that are known.
    """

    start = "StartCelebrityRecognition"
    root = "Celebrities"

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    def check(self, request: Answer) -> None:
        """Nothing of its own."""

    async def name(self, job: VideoJob, people: list[Descriptor]) -> list[Any]:
        """The celebrity that each person is, without face; None for everybody else."""
        gallery = await self._gallery.descriptors()
        return [await asyncio.to_thread(_celebrity, person, gallery) for person in people]

    def item(self, person: int, face: Answer, who: Any) -> Answer | None:
        """A `CelebrityRecognition`; of others nothing is told."""
        return {"Celebrity": {**who, "Face": face}} if who else None

    def orders(self) -> dict[str, Any]:
        """By time, or celebrity by celebrity."""
        return {
            "TIMESTAMP": None,
            "ID": lambda item: (item["Celebrity"]["Id"], item["Timestamp"]),
        }


def _matches(people: list[Descriptor], known: list[StoredFace], threshold: float) -> list[Any]:
    """For each person the faces that are alike, as a list of `FaceMatch`."""
    if not known:
        return [[] for _ in people]
    descriptors = np.array([one.descriptor for one in known], np.float32)
    found = []
    for person in people:
        values = [similarity(float(alike)) for alike in descriptors @ person]
        order = sorted(range(len(known)), key=lambda place: -values[place])
        found.append(
            [
                {"Similarity": values[place], "Face": known[place].face}
                for place in order
                if values[place] >= threshold
            ]
        )
    return found


def _celebrity(
    person: Descriptor, gallery: list[tuple[Person, tuple[float, ...]]]
) -> Answer | None:
    """A `CelebrityDetail` without face, when somebody is alike enough."""
    best = nearest(person.tolist(), gallery)
    alike = similarity(best[1]) if best else 0.0
    if best is None or alike < MATCH:
        return None
    known = best[0]
    return {"Name": known.name, "Id": known.id, "Confidence": alike, **known.about()}


def _followed(folder: Path) -> Iterator[tuple[int, list[tuple[int, Answer, Descriptor]]]]:
    """For each sample its time, and its faces with their tracks and descriptors."""
    tracker = Tracker(gap=_GAP)
    for number, (at, seen) in enumerate(samples(folder)):
        faces = [(face, _unpacked(packed)) for face, packed in seen]
        marks = [Mark("face", _box(face), descriptor) for face, descriptor in faces]
        tracks = tracker.place(number, marks)
        yield at, [(track, *face) for track, face in zip(tracks, faces, strict=True)]


def _people(folder: Path) -> tuple[list[int], list[Descriptor]]:
    """For each track its person's number, and for each person the mean of the descriptors."""
    sums: list[Any] = []
    samples_of: list[list[int]] = []
    for number, (_, faces) in enumerate(_followed(folder)):
        for track, _, descriptor in faces:
            if track == len(sums):
                sums.append(np.zeros(len(descriptor), np.float32))
                samples_of.append([number, number])
            sums[track] += descriptor
            samples_of[track][1] = number
    people = same_people(sums, samples_of)
    means = [
        sum(one for one, person in zip(sums, people, strict=True) if person == number)
        for number in range(max(people, default=-1) + 1)
    ]
    return people, [mean / (np.linalg.norm(mean) or 1) for mean in means]


def _box(face: Answer) -> Box:
    box = face["BoundingBox"]
    return Box(box["Left"], box["Top"], box["Width"], box["Height"])


def _packed(descriptor: tuple[float, ...]) -> str:
    # Half precision is a thousandth off and a tenth as long as the numbers written out.
    return base64.b64encode(np.asarray(descriptor, np.float16).tobytes()).decode()


def _unpacked(packed: str) -> Descriptor:
    return np.frombuffer(base64.b64decode(packed), np.float16).astype(np.float32)
