"""A file's trace, out of documents as X-Ray gives them."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from rich.console import Console

from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.pricing import PriceList
from windfall_cli.trace_payments import mark_payments
from windfall_cli.trace_views import document_of, lines_of, picture_of, table_of
from windfall_cli.traces import FileTrace, Step, StepKind, trace_of

Document = dict[str, Any]
TRACE = "1-6764d7f0-aaaaaaaaaaaaaaaaaaaaaaaa"
NOW = 1_000.0


def part(own: str, name: str, start: float, end: float | None, **more: Any) -> Document:
    times = {"start_time": NOW + start} | ({} if end is None else {"end_time": NOW + end})
    return {"id": own.rjust(16, "0"), "name": name, **times, **more}


def call(own: str, service: str, operation: str, start: float, end: float, **more: Any) -> Document:
    about = {"operation": operation, **more.pop("aws", {})}
    return part(own, service, start, end, namespace="aws", aws=about, **more)


def invocation(
    own: str, parent: str, feature: str, *calls: Document, **more: Any
) -> list[Document]:
    """An invocation of a function, as Lambda and our handler tell of it."""
    name = "windfall-DetectTextFeatureFunction-ABCDEFGHIJKL"
    handler = part(f"{own}2", "lambda_handler", 3, 6, subsegments=list(calls), **more)
    handler["annotations"] = {"feature": feature}
    inside = [part(f"{own}3", "Initialization", 2, 3), handler]
    service = part(f"{own}0", name, 2, 6, origin="AWS::Lambda", parent_id=parent.rjust(16, "0"))
    function = part(f"{own}1", name, 2, 6, origin="AWS::Lambda::Function", subsegments=inside)
    return [service, function | {"parent_id": service["id"]}]


def execution(*states: Document, end: float | None = 9) -> Document:
    return part(
        "e",
        "windfall-AnalyzeTextMachine-ABCDEFGHIJKL",
        1,
        end,
        origin="AWS::StepFunctions::StateMachine",
        parent_id="a1".rjust(16, "0"),
        subsegments=list(states),
    )


def state(own: str, name: str, *parts: Document) -> Document:
    return part(own, name, 2, 6, subsegments=list(parts))


def admission(*calls: Document) -> Document:
    return part("a", "admission", 0, 1, subsegments=[part("b", "queue", 0, 0.5), *calls])


def answered(*documents: Document, full: bool = False) -> list[Document]:
    segments = [{"Id": one["id"], "Document": json.dumps(one)} for one in documents]
    return [{"Id": TRACE, "LimitExceeded": full, "Segments": segments}]


def a_text(*calls: Document) -> FileTrace:
    """A dropped text with one feature."""
    documents = [
        admission(call("a1", "states", "StartExecution", 0.8, 1)),
        execution(state("c", "DetectTextFeature", call("c1", "Lambda", "", 2, 6))),
        *invocation("d", "c1", "sentiment", *calls),
    ]
    return trace_of(answered(*documents))


def manifest(*outcomes: Outcome) -> Manifest:
    return Manifest(
        file_id="f" * 40,
        bucket="b",
        key="k",
        status=FileStatus.ANALYZED,
        received="2026-11-26T00:00:00.000Z",
        recorded="2026-11-26T00:00:09.000Z",
        seconds=9,
        outcomes=list(outcomes),
    )


def paid(feature: str, service: str, operation: str, units: float, count: int = 1) -> Outcome:
    made = ServiceCall(service=service, operation=operation, count=count, units=units)
    return Outcome(feature=feature, status=OutcomeStatus.OK, calls=[made])


def step(trace: FileTrace, name: str) -> Step:
    (found,) = (one for one in trace.walk() if one.name == name)
    return found


SENTIMENT = call("s1", "comprehend", "DetectSentiment", 4, 5)


def test_a_trace_begins_at_the_drop_and_goes_down_to_each_call() -> None:
    trace = a_text(SENTIMENT)
    assert (trace.start, trace.end) == (NOW, NOW + 9)
    path, steps = [], trace.steps
    while steps:
        path.append((steps[-1].kind.value, steps[-1].name))
        steps = steps[-1].steps
    assert path == [
        ("admission", "admission"),
        ("call", "stepfunctions.StartExecution"),
        ("execution", "AnalyzeText"),
        ("state", "DetectTextFeature"),
        ("function", "DetectTextFeature"),
        ("call", "comprehend.DetectSentiment"),
    ]


def test_documents_come_in_any_order_and_alone() -> None:
    documents = [
        SENTIMENT | {"parent_id": "d2".rjust(16, "0"), "type": "subsegment"},
        *invocation("d", "c1", "sentiment"),
        execution(state("c", "DetectTextFeature", call("c1", "Lambda", "", 2, 6))),
        call("a1", "states", "StartExecution", 0.8, 1) | {"parent_id": "a".rjust(16, "0")},
        admission(),
        part("x", "comprehend", 4, 5, inferred=True, parent_id="s1".rjust(16, "0")),
    ]
    assert document_of(trace_of(answered(*documents))) == document_of(a_text(SENTIMENT))


def test_what_is_part_of_something_unknown_is_shown_all_the_same() -> None:
    lonely = SENTIMENT | {"parent_id": "9".rjust(16, "0"), "type": "subsegment"}
    trace = trace_of(answered(admission(), lonely))
    assert [one.name for one in trace.steps] == ["admission", "comprehend.DetectSentiment"]


def test_a_paid_call_has_its_feature_its_units_and_its_price() -> None:
    trace = a_text(SENTIMENT, call("s2", "s3", "PutObject", 5, 5.1))
    outcome = paid("sentiment", "comprehend", "DetectSentiment", 3)
    mark_payments(trace, manifest(outcome), PriceList.of_region("us-east-1"))
    payment = step(trace, "comprehend.DetectSentiment").payment
    assert payment is not None
    assert (payment.feature, payment.units, payment.cost) == ("sentiment", 3, 0.0003)
    assert step(trace, "s3.PutObject").payment is None
    assert trace.missing == []


def test_of_equal_calls_each_feature_gets_the_one_of_its_own_function() -> None:
    documents = [
        execution(
            state("c", "One", call("c1", "Lambda", "", 2, 6)),
            state("k", "Two", call("k1", "Lambda", "", 2, 6)),
        ),
        *invocation("d", "c1", "properties", call("s1", "rekognition", "DetectLabels", 4, 5)),
        *invocation("e", "k1", "labels", call("s2", "rekognition", "DetectLabels", 4.5, 5)),
    ]
    trace = trace_of(answered(*documents))
    outcomes = [paid(one, "rekognition", "DetectLabels", 1) for one in ("labels", "properties")]
    mark_payments(trace, manifest(*outcomes), PriceList.of_region("us-east-1"))
    functions = [one for one in trace.walk() if one.kind is StepKind.FUNCTION]
    assert [
        (one.annotations["feature"], one.steps[0].payment.feature)
        for one in functions
        if one.steps[0].payment
    ] == [("properties", "properties"), ("labels", "labels")]


def test_what_an_earlier_trace_paid_for_is_named_and_a_refused_call_cost_nothing() -> None:
    refused = SENTIMENT | {"error": True, "cause": {"exceptions": [{"type": "Throttling"}]}}
    trace = a_text(refused)
    outcome = paid("sentiment", "comprehend", "DetectSentiment", 3)
    mark_payments(trace, manifest(outcome), PriceList.of_region("us-east-1"))
    assert trace.missing == [("sentiment", "comprehend.DetectSentiment")]
    failed = step(trace, "comprehend.DetectSentiment")
    assert (failed.error, failed.payment) == ("Throttling", None)


def test_calls_that_tell_little_are_summed_up_unless_all_is_asked_for() -> None:
    puts = [call(f"p{number}", "s3", "PutObject", 5, 5.1) for number in range(3)]
    trace = a_text(SENTIMENT, *puts)
    outcome = paid("sentiment", "comprehend", "DetectSentiment", 3)
    mark_payments(trace, manifest(outcome), PriceList.of_region("us-east-1"))
    names = [line.name for line in lines_of(trace)]
    assert "3 s3" in names
    assert "s3.PutObject" not in names
    assert "comprehend.DetectSentiment" in names
    assert [line.name for line in lines_of(trace, everything=True)].count("s3.PutObject") == 3


def test_an_execution_that_runs_has_no_end_yet() -> None:
    trace = trace_of(answered(admission(), execution(end=None), full=True))
    assert trace.is_full
    (line,) = (line for line in lines_of(trace) if line.name == "AnalyzeText")
    assert (line.took, line.note) == (None, "not ended")


@pytest.mark.parametrize("everything", [False, True])
def test_a_picture_is_well_formed_whatever_things_are_called(*, everything: bool) -> None:
    strange = call("s9", "s3", "Put<Object>&\x1b[31m", 5, 5.1, fault=True)
    trace = a_text(SENTIMENT, strange)
    root = Xml.fromstring(picture_of(trace, "a <b> & \x00.txt", everything=everything))  # noqa: S314, RUF100
    assert root.tag.endswith("svg")


def test_a_name_can_not_command_the_terminal() -> None:
    trace = a_text(call("s9", "s3", "Put\x1b[31mObject", 5, 5.1, fault=True))
    console = Console(width=200, force_terminal=False)
    with console.capture() as screen:
        console.print(table_of(trace, 200))
    assert "\x1b" not in screen.get()
