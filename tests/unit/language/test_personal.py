"""Personal data: numbers count when their checksum holds, words when they are announced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language.personal import checksums, personal_data


def found(text: str, language: str = "en") -> list[tuple[str, str]]:
    return [(span.kind, span.text) for span in personal_data(text, language)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Write to ana.b+c@mail.example.org.", "EMAIL", "ana.b+c@mail.example.org"),
        ("See https://example.com/a?b=1.", "URL", "https://example.com/a?b=1"),
        ("Host 203.0.113.7 is up.", "IP_ADDRESS", "203.0.113.7"),
        ("Host 2001:db8::8a2e:370:7334 is up.", "IP_ADDRESS", "2001:db8::8a2e:370:7334"),
        ("Card at 00:1B:44:11:3A:B7 there.", "MAC_ADDRESS", "00:1B:44:11:3A:B7"),
        ("Pay by 4111 1111 1111 1111 now.", "CREDIT_DEBIT_NUMBER", "4111 1111 1111 1111"),
        ("It expires 09/28.", "CREDIT_DEBIT_EXPIRY", "09/28"),
        ("CVV: 123.", "CREDIT_DEBIT_CVV", "123"),
        ("My PIN is 4321.", "PIN", "4321"),
        ("My SSN is 123-45-6789.", "SSN", "123-45-6789"),
        (
            "ITIN 912-70-1234 it is.",
            "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
            "912-70-1234",
        ),
        (
            "IBAN GB82 WEST 1234 5698 7654 32.",
            "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
            "GB82 WEST 1234 5698 7654 32",
        ),
        ("SWIFT code: DEUTDEFF.", "SWIFT_CODE", "DEUTDEFF"),
        ("Routing number 021000021.", "BANK_ROUTING", "021000021"),
        ("Account number: 12345678.", "BANK_ACCOUNT_NUMBER", "12345678"),
        ("Passport number 123456789.", "PASSPORT_NUMBER", "123456789"),
        ("VIN 1M8GDM9AXKP042788.", "VEHICLE_IDENTIFICATION_NUMBER", "1M8GDM9AXKP042788"),
        ("NINO AB123456C.", "UK_NATIONAL_INSURANCE_NUMBER", "AB123456C"),
        ("NHS number 943 476 5919.", "UK_NATIONAL_HEALTH_SERVICE_NUMBER", "943 476 5919"),
        ("My SIN is 046 454 286.", "CA_SOCIAL_INSURANCE_NUMBER", "046 454 286"),
        (  # AWS's own example
            "Key AKIAIOSFODNN7EXAMPLE here.",  # pragma: allowlist secret
            "AWS_ACCESS_KEY",
            "AKIAIOSFODNN7EXAMPLE",  # pragma: allowlist secret
        ),
        (
            "Secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY here.",
            "AWS_SECRET_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("Username: jroe42 please", "USERNAME", "jroe42"),
        ("Password: hunter2! please", "PASSWORD", "hunter2!"),
        ("Call +1 206 555 0142 today.", "PHONE", "+1 206 555 0142"),
        ("My phone is 020 7946 0018.", "PHONE", "020 7946 0018"),
        ("My name is Jane Roe.", "NAME", "Jane Roe"),
        ("I am 35 years old.", "AGE", "35 years old"),
        ("Born on 2 January 1984.", "DATE_TIME", "2 January 1984"),
        ("I live at 221B Baker Street, London.", "ADDRESS", "221B Baker Street, London"),
        (
            "at 12 Main St, Springfield, IL 62701.",
            "ADDRESS",
            "12 Main St, Springfield, IL 62701",
        ),
    ],
)
def test_each_kind_is_found_where_it_stands(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Me llamo Ana García y vivo aquí.", "NAME", "Ana García"),
        ("Vivo en la calle Mayor 12, Madrid.", "ADDRESS", "calle Mayor 12, Madrid"),
        ("Mi teléfono es 612 345 678.", "PHONE", "612 345 678"),
        ("Tengo 35 años.", "AGE", "35 años"),
        ("Nací el 3 de marzo de 1980.", "DATE_TIME", "3 de marzo de 1980"),
        ("Mi contraseña es abcd1234", "PASSWORD", "abcd1234"),
    ],
)
def test_spanish_is_read_too(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text, "es")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Pay by 4111 1111 1111 1112 now.", "CREDIT_DEBIT_NUMBER"),
        ("IBAN GB82 WEST 1234 5698 7654 33.", "INTERNATIONAL_BANK_ACCOUNT_NUMBER"),
        ("No. 666-45-6789 and 000-12-3456.", "SSN"),
        ("VIN 1M8GDM9AXKP042789.", "VEHICLE_IDENTIFICATION_NUMBER"),
        ("Version 1.2.3.4.5 and 999.1.1.1.", "IP_ADDRESS"),
        ("We sold 4321 units.", "PIN"),
        ("The year 2024 was fine.", "PHONE"),
        ("The ratio is 10:30:20 now", "MAC_ADDRESS"),
    ],
)
def test_what_only_looks_like_it_is_left(text: str, kind: str) -> None:
    assert kind not in {name for name, _ in found(text)}


@given(st.text(max_size=200))
def test_what_is_found_stands_in_the_text_in_order_and_apart(text: str) -> None:
    end = 0
    for span in personal_data(text, "es"):
        assert text[span.begin : span.end] == span.text
        assert span.begin >= end
        end = span.end


@given(st.text("0123456789", min_size=12, max_size=18), st.integers(0, 17), st.integers(1, 9))
def test_luhn_notices_a_changed_digit(digits: str, place: int, change: int) -> None:
    check = next(d for d in "0123456789" if checksums.luhn(digits + d) or not int(digits + d))
    number = digits + check
    place %= len(number)
    other = str((int(number[place]) + change) % 10)
    changed = number[:place] + other + number[place + 1 :]
    assert not checksums.luhn(changed) or not int(number)


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 11), st.integers(1, 9))
def test_verhoeff_notices_a_changed_digit(digits: str, place: int, change: int) -> None:
    digits = "2" + digits[1:]
    number = next(digits + d for d in "0123456789" if checksums.aadhaar(digits + d))
    other = str((int(number[place]) + change) % 10)
    assert not checksums.aadhaar(number[:place] + other + number[place + 1 :])


def test_another_language_is_refused() -> None:
    with pytest.raises(UnsupportedFeatureError, match="en, es"):
        personal_data("a", "fr")
