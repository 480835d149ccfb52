"""The pictures of a file as H.264 in MP4: as they are where that is what they are, else encoded."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.filter import Graph

from convert_media.sound import RESERVE, TOO_LONG
from windfall.errors import InvalidInputError
from windfall.media import beginning, frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windfall.checkpoints import TimeLeft

LONGEST_SIDE = 1_920
"""Pixels; what Rekognition's limits on faces and letters are told for."""

MOST_RATE = 30
"""Frames a second; Rekognition looks at fewer."""

_CLOCK = Fraction(1, 90_000)
_TURNS = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}


def write_pictures(container: Any, target: Path, time_left: TimeLeft) -> float:
    """Write the first track of pictures; its length in seconds.

    Raises:
        InvalidInputError: There is none, none of it can be decoded, or it takes too long.
    """
    if not container.streams.video:
        raise InvalidInputError("There are no pictures in the file.")
    track = container.streams.video[0]
    with av.open(str(target), "w", format="mp4") as output:
        # AVI does not say when to show a picture, only in which order they were written.
        copied = track.codec_context.name == "h264" and container.format.name != "avi"
        write = _copy if copied else _encode
        seconds = write(container, track, output, time_left)
    if not seconds:
        raise InvalidInputError("No picture could be decoded; the file is damaged or cut off.")
    return seconds


def _copy(container: Any, track: Any, output: Any, time_left: TimeLeft) -> float:
    """The same packets in another container: no loss, and as quick as they are read."""
    stream = output.add_stream_from_template(track)
    start = round(beginning(container) / track.time_base)
    end = 0
    for packet in _in_order(_packets(container, track)):
        packet.pts, packet.dts = packet.pts - start, packet.dts - start
        end = max(end, packet.pts + (packet.duration or 0))
        packet.stream = stream
        output.mux(packet)
        if time_left() < RESERVE:
            raise InvalidInputError(TOO_LONG)
    return float(end * track.time_base)


def _packets(container: Any, track: Any) -> Iterator[Any]:
    packets = container.demux(track)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return  # a file that breaks off gives what came before
        if packet.size and packet.pts is not None:
            yield packet


def _in_order(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets that all say when to decode them: Matroska does not say it of the first ones."""
    waiting: list[Any] = []
    for packet in packets:
        if packet.dts is None:
            waiting.append(packet)
            continue
        for place, earlier in enumerate(waiting):
            earlier.dts = packet.dts - (len(waiting) - place) * (packet.duration or 1)
            yield earlier
        waiting.clear()
        yield packet


def _encode(container: Any, track: Any, output: Any, time_left: TimeLeft) -> float:
    """Decoded, turned upright, made smaller if need be, and encoded."""
    track.thread_type = "AUTO"
    stream: Any = None
    start, end = beginning(container), 0.0
    for frame in _upright(_thinned(frames(container, track))):
        if stream is None:
            stream = output.add_stream("libx264", rate=MOST_RATE, options={"preset": "veryfast"})
            stream.width, stream.height = _fitted(frame.width, frame.height)
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = _CLOCK
        time = max(0.0, frame.time - start)
        end = max(end, time)
        picture = frame.reformat(stream.width, stream.height, "yuv420p")
        picture.pts, picture.time_base = round(time / _CLOCK), _CLOCK
        output.mux(stream.encode(picture))
        if time_left() < RESERVE:
            raise InvalidInputError(TOO_LONG)
    if stream is None:
        return 0.0
    output.mux(stream.encode(None))
    return end + 1 / MOST_RATE


def _thinned(found: Iterator[Any]) -> Iterator[Any]:
    """Frames in order, at most so many a second; their times stay what they are."""
    due = float("-inf")
    for frame in found:
        if frame.time is not None and frame.time >= due:
            due = frame.time + 0.95 / MOST_RATE
            yield frame


def _upright(found: Iterator[Any]) -> Iterator[Any]:
    """Frames as a player shows them."""
    graph: Graph | None = None
    for frame in found:
        turn = _TURNS.get(-frame.rotation % 360)
        if turn is None:
            yield frame
            continue
        if graph is None:
            graph = _turning(frame, turn)
        graph.push(frame)
        turned = graph.pull()
        turned.pts, turned.time_base = frame.pts, frame.time_base
        yield turned


def _turning(frame: Any, turn: str) -> Graph:
    graph = Graph()
    nodes = [
        graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
    ]
    for part in turn.split(","):
        name, _, arguments = part.partition("=")
        nodes.append(graph.add(name, arguments))
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    return graph


def _fitted(width: int, height: int) -> tuple[int, int]:
    """The size within `LONGEST_SIDE`, in even numbers as H.264 wants them."""
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
