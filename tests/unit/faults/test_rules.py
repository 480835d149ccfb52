"""Rules as they are written, and what they hit."""

from __future__ import annotations

import pytest

from windfall_local.faults.rules import Kind, Rule, RuleError, parse_rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("rekognition:*=throttle/3", Rule("rekognition", "*", Kind.THROTTLE, 3)),
        ("s3:PutObject=unavailable#4", Rule("s3", "PutObject", Kind.UNAVAILABLE, number=4)),
        ("*:*=crash-after", Rule("*", "*", Kind.CRASH_AFTER)),
        ("sagemaker-runtime:Invoke*=lost/2", Rule("sagemaker-runtime", "Invoke*", Kind.LOST, 2)),
    ],
)
def test_a_rule_reads_as_it_is_written(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule
    assert str(rule) == text


@pytest.mark.parametrize("text", ["", "s3", "s3:*", "s3:*=fire", "s3:*=throttle/0", "s3:*=lost#0"])
def test_what_is_no_rule_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(RuleError, match="SERVICE:OPERATION=KIND"):
        parse_rule(text)


def test_a_rule_speaks_of_the_calls_that_its_patterns_fit() -> None:
    rule = parse_rule("dynamodb:Transact*=conflict")
    assert rule.fits("dynamodb", "TransactWriteItems")
    assert not rule.fits("dynamodb", "PutItem")
    assert not rule.fits("s3", "TransactWriteItems")
