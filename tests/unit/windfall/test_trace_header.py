"""A trace's header, and which files have a trace."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.trace_header import TraceHeader, is_sampled, trace_id

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


def test_a_header_is_read_and_written() -> None:
    text = f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0"
    header = TraceHeader.parse(text)
    assert header == TraceHeader(ROOT, "53995c3f42cd8ad8", True, ("Lineage=1:a87bd80c:0",))
    assert str(header) == text


def test_what_lambda_needs_stays_in_a_header_further_in() -> None:
    header = TraceHeader(ROOT, None, False, ("Lineage=1:a87bd80c:0",)).under("0123456789abcdef")
    assert str(header) == f"Root={ROOT};Parent=0123456789abcdef;Sampled=0;Lineage=1:a87bd80c:0"


@pytest.mark.parametrize("text", ["", "Root=", "Root=1-2-3", "Self=1", "Parent=53995c3f42cd8ad8"])
def test_what_names_no_trace_is_no_header(text: str) -> None:
    assert TraceHeader.parse(text) is None


@given(st.text())
def test_any_text_is_a_header_or_none(text: str) -> None:
    header = TraceHeader.parse(text)
    assert header is None or TraceHeader.parse(str(header)) == header


def test_the_same_event_has_the_same_trace() -> None:
    began = NOW - timedelta(hours=2)
    first = trace_id("event", began, NOW)
    assert first == trace_id("event", began, NOW + timedelta(hours=1))
    assert first != trace_id("other event", began, NOW)
    assert TraceHeader.parse(f"Root={first}") is not None


def test_a_trace_tells_when_it_began_unless_x_ray_would_not_take_that_any_more() -> None:
    began = NOW - timedelta(hours=2)
    assert int(trace_id("event", began, NOW).split("-")[1], 16) == began.timestamp()
    late = trace_id("event", NOW - timedelta(days=10), NOW)
    assert int(late.split("-")[1], 16) == NOW.timestamp()


@pytest.mark.parametrize(("percent", "low", "high"), [(0, 0, 0), (25, 400, 600), (100, 2000, 2000)])
def test_so_many_files_in_a_hundred_have_a_trace(percent: int, low: int, high: int) -> None:
    traces = [trace_id(str(number), NOW, NOW) for number in range(2000)]
    assert low <= sum(is_sampled(trace, percent) for trace in traces) <= high
