"""Event patterns against cases written from the EventBridge user guide and Event Ruler's README."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.patterns import compile_pattern
from windfall_local.events.wildcards import compile_wildcard

INSTANCE: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2017-10-02T16:24:49Z",
    "region": "us-east-1",
    "resources": [
        "arn:aws:autoscaling:us-east-1:123456789012:group/a",
        "arn:aws:ec2:us-east-1:123456789012:instance/i-1",
    ],
    "detail": {
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "instance-id": "i-1",
        "state": "running",
        "empty": "",
        "nothing": None,
        "on": True,
        "list": [],
        "deep": {"a": {"b": 1}},
        "dotted.key": "yes",
        "file": "dir/Photo.PNG",
        "tags": [{"k": "a", "v": 1}, {"k": "b", "v": 2}],
        "nested": [[1, 2], [3, [4]]],
        "mixed": ["x", 7, {"inner": "in"}],
        "ipv6": "2001:DB8::1",
        "stars": "a*b\\c",
    },
}

Case = tuple[str, dict[str, Any], bool]


def detail(**fields: Any) -> dict[str, Any]:
    return {"detail": {name.replace("_", "-"): value for name, value in fields.items()}}


CASES: list[Case] = [
    ("exact", {"source": ["aws.ec2"]}, True),
    ("one of several", {"source": ["aws.s3", "aws.ec2"]}, True),
    ("none of several", {"source": ["aws.s3", "aws.sns"]}, False),
    ("every field must match", {"source": ["aws.ec2"], "region": ["eu-west-1"]}, False),
    ("case counts", {"source": ["AWS.ec2"]}, False),
    ("a missing field", {"nowhere": ["x"]}, False),
    ("an array in the event", {"resources": [INSTANCE["resources"][1]]}, True),
    ("an array without the value", {"resources": ["arn:aws:ec2:other"]}, False),
    ("a nested object", {"detail": {"deep": {"a": {"b": [1]}}}}, True),
    ("an object is no leaf", {"detail": {"deep": [1]}}, False),
    ("a leaf is no object", {"detail": {"state": {"x": ["running"]}}}, False),
    ("empty string", detail(empty=[""]), True),
    ("empty string is not null", detail(empty=[None]), False),
    ("null", detail(nothing=[None]), True),
    ("null is not empty string", detail(nothing=[""]), False),
    ("null is not missing", detail(nowhere=[None]), False),
    ("an empty array has no null", detail(list=[None]), False),
    ("true", detail(on=[True]), True),
    ("true is not 1", detail(on=[1]), False),
    ("1 is not true", {"detail": {"deep": {"a": {"b": [True]}}}}, False),
    ("true is not 'true'", detail(on=["true"]), False),
    ("a number", detail(c_count=[5]), True),
    ("5 is 5.0", detail(c_count=[5.0]), True),
    ("5 is not '5'", detail(c_count=["5"]), False),
    ("prefix", {"time": [{"prefix": "2017-10-02"}]}, True),
    ("another prefix", {"time": [{"prefix": "2018"}]}, False),
    ("prefix of a number", detail(c_count=[{"prefix": "5"}]), False),
    ("prefix in any case", detail(file=[{"prefix": {"equals-ignore-case": "DIR/p"}}]), True),
    ("suffix", detail(file=[{"suffix": ".PNG"}]), True),
    ("suffix, case counts", detail(file=[{"suffix": ".png"}]), False),
    ("suffix in any case", detail(file=[{"suffix": {"equals-ignore-case": ".png"}}]), True),
    ("equals-ignore-case", {"source": [{"equals-ignore-case": "AWS.EC2"}]}, True),
    ("equals-ignore-case is whole", {"source": [{"equals-ignore-case": "AWS.EC"}]}, False),
    ("anything-but", detail(state=[{"anything-but": "stopped"}]), True),
    ("anything-but that", detail(state=[{"anything-but": "running"}]), False),
    ("anything-but a list", detail(state=[{"anything-but": ["stopped", "running"]}]), False),
    ("anything-but a number", detail(c_count=[{"anything-but": 5}]), False),
    ("anything-but numbers", detail(c_count=[{"anything-but": [1, 2]}]), True),
    ("anything-but text, on a number", detail(c_count=[{"anything-but": "5"}]), True),
    ("anything-but, on null", detail(nothing=[{"anything-but": "x"}]), True),
    ("anything-but, on nothing", detail(nowhere=[{"anything-but": "x"}]), False),
    ("anything-but 0, on false", {"detail": {"on": [{"anything-but": 1}]}}, True),
    ("anything-but prefix", detail(state=[{"anything-but": {"prefix": "run"}}]), False),
    ("anything-but prefixes", detail(state=[{"anything-but": {"prefix": ["a", "b"]}}]), True),
    ("anything-but suffix", detail(file=[{"anything-but": {"suffix": ".PNG"}}]), False),
    ("anything-but suffixes", detail(file=[{"anything-but": {"suffix": [".txt", ".rtf"]}}]), True),
    (
        "anything-but in any case",
        detail(state=[{"anything-but": {"equals-ignore-case": "RUNNING"}}]),
        False,
    ),
    (
        "anything-but several in any case",
        detail(state=[{"anything-but": {"equals-ignore-case": ["STOPPED", "PENDING"]}}]),
        True,
    ),
    ("anything-but wildcard", detail(file=[{"anything-but": {"wildcard": "*/Ph*"}}]), False),
    (
        "anything-but wildcards",
        detail(file=[{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]),
        True,
    ),
    ("anything-but an empty wildcard", detail(file=[{"anything-but": {"wildcard": ""}}]), True),
    ("any element is not that", {"resources": [{"anything-but": INSTANCE["resources"][0]}]}, True),
    ("numeric equals", detail(x_limit=[{"numeric": ["=", 3.018e2]}]), True),
    ("numeric range", detail(c_count=[{"numeric": [">", 0, "<=", 5]}]), True),
    ("numeric range, outside", detail(c_count=[{"numeric": [">", 5, "<", 10]}]), False),
    ("numeric less", detail(d_count=[{"numeric": ["<", 10]}]), True),
    ("numeric at the border", detail(d_count=[{"numeric": [">=", 3]}]), True),
    ("numeric on text", detail(state=[{"numeric": [">", 0]}]), False),
    ("numeric on true", detail(on=[{"numeric": ["=", 1]}]), False),
    ("exists", detail(state=[{"exists": True}]), True),
    ("exists, on null", detail(nothing=[{"exists": True}]), True),
    ("exists, on an object", detail(deep=[{"exists": True}]), False),
    ("exists, on an empty array", detail(list=[{"exists": True}]), False),
    ("exists not", detail(nowhere=[{"exists": False}]), True),
    ("exists not, but does", detail(state=[{"exists": False}]), False),
    ("exists not, on an object", detail(deep=[{"exists": False}]), True),
    ("exists not, far away", {"detail": {"x": {"y": {"z": [{"exists": False}]}}}}, True),
    ("exists not, or a value", detail(state=["running", {"exists": False}]), True),
    ("exists not, or another value", detail(state=["stopped", {"exists": False}]), False),
    ("exists not in any element", {"detail": {"tags": {"v": [{"exists": False}]}}}, False),
    ("cidr", detail(source_ip=[{"cidr": "10.0.0.0/24"}]), True),
    ("cidr, outside", detail(source_ip=[{"cidr": "10.0.1.0/24"}]), False),
    ("cidr begins at its address", detail(source_ip=[{"cidr": "10.0.0.33/24"}]), True),
    ("cidr begins not before", detail(source_ip=[{"cidr": "10.0.0.34/24"}]), False),
    ("cidr ends with its network", detail(source_ip=[{"cidr": "10.0.0.0/27"}]), False),
    ("cidr on text", detail(state=[{"cidr": "10.0.0.0/8"}]), False),
    ("cidr of IPv6", detail(ipv6=[{"cidr": "2001:db8::/32"}]), True),
    ("cidr of IPv6 on IPv4", detail(source_ip=[{"cidr": "2001:db8::/32"}]), False),
    ("an IPv6 address in another spelling", detail(ipv6=["2001:db8:0:0:0:0:0:1"]), True),
    ("wildcard", detail(file=[{"wildcard": "dir/*.PNG"}]), True),
    ("wildcard in the middle", detail(file=[{"wildcard": "*/Pho*.P*G"}]), True),
    ("wildcard for nothing", detail(state=[{"wildcard": "run*ning"}]), True),
    ("wildcard is whole", detail(file=[{"wildcard": "Photo*"}]), False),
    ("wildcards do not overlap", detail(state=[{"wildcard": "runn*nning"}]), False),
    ("wildcard with escapes", detail(stars=[{"wildcard": "a\\*b\\\\*"}]), True),
    ("escaped star is a star", detail(state=[{"wildcard": "run\\*"}]), False),
    ("empty wildcard", detail(state=[{"wildcard": ""}]), False),
    ("arrays in arrays", detail(nested=[4]), True),
    ("text in a mixed array", detail(mixed=["x"]), True),
    ("objects in a mixed array", {"detail": {"mixed": {"inner": ["in"]}}}, True),
    ("two fields of one element", {"detail": {"tags": {"k": ["b"], "v": [2]}}}, True),
    ("two fields of two elements", {"detail": {"tags": {"k": ["a"], "v": [2]}}}, False),
    ("$or, first", {"detail": {"$or": [{"state": ["running"]}, {"x": ["y"]}]}}, True),
    ("$or, second", {"$or": [{"source": ["x"]}, {"region": ["us-east-1"]}]}, True),
    ("$or, none", {"$or": [{"source": ["x"]}, {"region": ["y"]}]}, False),
    (
        "$or and more",
        {"source": ["aws.s3"], "$or": [{"region": ["us-east-1"]}, {"id": ["1"]}]},
        False,
    ),
    (
        "$or in $or",
        {
            "$or": [
                {"source": ["x"]},
                {"region": ["us-east-1"], "$or": [{"id": ["1"]}, {"source": ["aws.ec2"]}]},
            ]
        },
        True,
    ),
    (
        "$or over elements of one array",
        {"detail": {"tags": {"k": ["a"], "$or": [{"v": [2]}, {"v": [3]}]}}},
        False,
    ),
    ("$or as a field's name", {"$or": {"a": ["b"]}}, False),
    ("a dot is a level, in patterns", {"detail": {"deep.a.b": [1]}}, True),
    ("a dot is a level, in events", {"detail": {"dotted": {"key": ["yes"]}}}, True),
    ("dots in both", {"detail": {"dotted.key": ["yes"]}}, True),
]


@pytest.mark.parametrize(("pattern", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_pattern_matches_as_eventbridge_does(pattern: dict[str, Any], expected: bool) -> None:
    assert compile_pattern(json.dumps(pattern)).matches(INSTANCE) is expected


INVALID: list[tuple[str, Any, str]] = [
    ("no JSON", "{", "not valid JSON"),
    ("no object", '["a"]', "Filter is not an object"),
    ("an empty object", {}, "Empty objects"),
    ("an empty object below", {"detail": {}}, "Empty objects"),
    ("an empty array", {"source": []}, "Empty arrays"),
    ("text without an array", {"source": "aws.s3"}, "must be an object or an array"),
    ("a number without an array", {"detail": {"a": 1}}, "must be an object or an array"),
    ("null without an array", {"detail": {"a": None}}, "must be an object or an array"),
    ("an array in an array", {"source": [["a"]]}, "Match value must be"),
    ("an unknown matcher", {"a": [{"like": "x"}]}, "Unrecognized match type like"),
    ("an empty matcher", {"a": [{}]}, "Match expression name not found"),
    ("two matchers in one", {"a": [{"prefix": "x", "suffix": "y"}]}, "Only one key"),
    ("exists with text", {"a": [{"exists": "yes"}]}, "either true or false"),
    ("exists and more", {"a": [{"exists": True, "prefix": "x"}]}, "Only one key"),
    ("prefix with a number", {"a": [{"prefix": 1}]}, "must be a string"),
    ("prefix of something", {"a": [{"prefix": {"wildcard": "x"}}]}, "Unsupported prefix"),
    ("suffix with a list", {"a": [{"suffix": ["x"]}]}, "must be a string"),
    ("equals-ignore-case list", {"a": [{"equals-ignore-case": ["x"]}]}, "must be a string"),
    ("anything-but null", {"a": [{"anything-but": None}]}, "single string/number"),
    ("anything-but true", {"a": [{"anything-but": True}]}, "single string/number"),
    ("anything-but with null", {"a": [{"anything-but": ["x", None]}]}, "not supported"),
    ("anything-but mixed", {"a": [{"anything-but": ["x", 1]}]}, "mixed type"),
    ("anything-but nothing", {"a": [{"anything-but": []}]}, "mixed type"),
    ("anything-but numeric", {"a": [{"anything-but": {"numeric": [">", 1]}}]}, "Unsupported"),
    ("anything-but prefix ''", {"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix"),
    ("anything-but prefix 1", {"a": [{"anything-but": {"prefix": 1}}]}, "must be a string"),
    ("anything-but suffix ''", {"a": [{"anything-but": {"suffix": [""]}}]}, "Null prefix/suffix"),
    ("anything-but wildcard 1", {"a": [{"anything-but": {"wildcard": [1]}}]}, "must be a string"),
    (
        "anything-but prefix in any case",
        {"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]},
        "must be a string",
    ),
    ("numeric without a list", {"a": [{"numeric": 1}]}, "must be an array"),
    ("numeric without anything", {"a": [{"numeric": []}]}, "Invalid member"),
    ("numeric with an unknown operator", {"a": [{"numeric": ["!=", 1]}]}, "Unrecognized numeric"),
    ("numeric with text", {"a": [{"numeric": [">", "1"]}]}, "must be numeric"),
    ("numeric without a number", {"a": [{"numeric": [">"]}]}, "must be numeric"),
    ("numeric with true", {"a": [{"numeric": ["=", True]}]}, "must be numeric"),
    ("two lower bounds", {"a": [{"numeric": [">", 0, ">", 1]}]}, "Bad numeric range operator"),
    ("upper bound first", {"a": [{"numeric": ["<", 5, ">", 1]}]}, "Too many elements"),
    ("an empty range", {"a": [{"numeric": [">", 5, "<", 1]}]}, "Bottom must be less"),
    ("three bounds", {"a": [{"numeric": [">", 1, "<", 5, "<", 6]}]}, "Too many terms"),
    ("a number too large", {"a": [{"numeric": [">", 6e9]}]}, "between -5.0E9"),
    ("a number too fine", {"a": [{"numeric": ["=", 0.1234567]}]}, "6 decimals"),
    ("cidr without a mask", {"a": [{"cidr": "10.0.0.0"}]}, "one '/' required"),
    ("cidr with a wide mask", {"a": [{"cidr": "10.0.0.0/33"}]}, "must be < 32"),
    ("cidr with a bad mask", {"a": [{"cidr": "10.0.0.0/x"}]}, "must be an integer"),
    ("cidr with a bad address", {"a": [{"cidr": "10.0.0/8"}]}, "IP address"),
    ("cidr with a number", {"a": [{"cidr": 10}]}, "must be a string"),
    ("wildcard with a number", {"a": [{"wildcard": 1}]}, "must be a string"),
    (
        "two stars in a row",
        {"a": [{"wildcard": "a**"}]},
        "Consecutive wildcard characters at pos 2",
    ),
    ("an escape of a letter", {"a": [{"wildcard": "a\\b"}]}, "Invalid escape character at pos 1"),
    ("an escape of nothing", {"a": [{"wildcard": "a\\"}]}, "Invalid escape character at pos 1"),
    ("too many stars", {"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}, "too complex"),
    ("$or with one alternative", {"$or": [{"a": ["b"]}]}, "Unrecognized match type a"),
    ("$or with nothing", {"$or": []}, "Empty arrays"),
    (
        "over a thousand alternatives",
        {str(n): {"$or": [{"a": ["1"]}, {"b": ["1"]}]} for n in range(10)},
        "1000 rule combinations",
    ),
]


@pytest.mark.parametrize(
    ("pattern", "reason"), [case[1:] for case in INVALID], ids=[case[0] for case in INVALID]
)
def test_an_invalid_pattern_is_refused_with_the_reason(pattern: Any, reason: str) -> None:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    with pytest.raises(InvalidPatternError, match=reason):
        compile_pattern(text)


def test_wildcards_that_the_guide_shows_are_taken() -> None:
    for text in (
        "arn:aws:events:us-east-1:*:event-bus/*",
        "/Users/*/dir/dir/dir/dir/dir/doc.txt",
        "/Users/*/doc.txt",
        "dir/*.png",
        "*/lib/*",
    ):
        compile_pattern(json.dumps({"a": [{"wildcard": text}]}))


def test_the_last_of_equal_keys_counts() -> None:
    pattern = compile_pattern('{"source": ["aws.s3"], "source": ["aws.sns"]}')
    assert pattern.matches({"source": "aws.sns"})
    assert not pattern.matches({"source": "aws.s3"})


def test_a_thousand_alternatives_are_taken() -> None:
    branches = [{"a": [number]} for number in range(1000)]
    assert compile_pattern(json.dumps({"$or": branches})).matches({"a": 999})


scalars = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5)
names = st.text("abc", min_size=1, max_size=2)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)
events = st.dictionaries(names, trees, min_size=1, max_size=4)


def pattern_of(node: Any) -> Any:
    """The pattern that asks for exactly what an object holds, where it holds single values."""
    asked = {}
    for key, value in node.items():
        if isinstance(value, dict):
            below = pattern_of(value)
            if below:
                asked[key] = below
        elif not isinstance(value, list):
            asked[key] = [value]
    return asked


@given(events)
def test_an_event_matches_the_pattern_made_of_it(event: dict[str, Any]) -> None:
    asked = pattern_of(event)
    if asked:
        assert compile_pattern(json.dumps(asked)).matches(event)


@given(events, names)
def test_a_field_either_exists_or_does_not(event: dict[str, Any], name: str) -> None:
    answers = [
        compile_pattern(json.dumps({name: [{"exists": wanted}]})).matches(event)
        for wanted in (True, False)
    ]
    assert sum(answers) == 1


@given(scalars, st.text(max_size=3))
def test_anything_but_is_the_opposite_for_single_values(value: Any, text: str) -> None:
    for matcher in (text, {"equals-ignore-case": text}, {"prefix": text + "x"}):
        negative = compile_pattern(json.dumps({"a": [{"anything-but": matcher}]}))
        positive = compile_pattern(json.dumps({"a": [matcher]}))
        assert negative.matches({"a": value}) is not positive.matches({"a": value})


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=4))
def test_a_wildcard_matches_whatever_stands_for_its_stars(pieces: list[str]) -> None:
    literals = [piece or "c" for piece in pieces]
    matches = compile_wildcard("*".join(literals))
    assert matches("xyz".join(literals))
    assert matches("".join(literals))
    assert not matches("".join(literals) + "!")


@given(st.text(max_size=10))
def test_an_escaped_text_matches_only_itself(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("*", "\\*")
    pattern = compile_pattern(json.dumps({"a": [{"wildcard": escaped}]}))
    assert pattern.matches({"a": text})
    assert not pattern.matches({"a": text + "x"})


@given(st.integers(-(5 * 10**9), 5 * 10**9))
def test_a_whole_number_is_equal_however_it_is_written(number: int) -> None:
    pattern = compile_pattern(json.dumps({"a": [float(number)]}))
    assert pattern.matches({"a": number})
    assert not pattern.matches({"a": str(number)})


@given(st.text(max_size=40) | trees.map(json.dumps))
def test_a_pattern_is_taken_or_refused_never_broken(text: str) -> None:
    try:
        pattern = compile_pattern(text)
    except InvalidPatternError:
        return
    pattern.matches({"a": 1})
