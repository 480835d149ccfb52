"""Numbers that carry their own check."""

from __future__ import annotations


def luhn(digits: str) -> bool:
    """Cards, Canadian insurance numbers (ISO/IEC 7812)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and set(digits) != {"0"}


_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24,
    "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21,
    "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SA": 24, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip


def iban(code: str) -> bool:
    """International bank account numbers (ISO 13616), without blanks."""
    code = code.upper()
    if not code.isalnum() or not code.isascii() or len(code) < 15:
        return False
    if len(code) != _IBAN_LENGTHS.get(code[:2], len(code)):
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


def routing(digits: str) -> bool:
    """American bank routing numbers (ABA): nine digits, weights 3, 7, 1."""
    weights = (3, 7, 1) * 3
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))
    return len(digits) == 9 and total % 10 == 0 and digits != "000000000"


def social_security(digits: str) -> bool:
    """American social security numbers: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def taxpayer(digits: str) -> bool:
    """American individual taxpayer numbers: 9xx with a group of the ranges in use."""
    group = int(digits[3:5])
    return digits[0] == "9" and (50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 99)


def health_service(digits: str) -> bool:
    """British health service numbers: ten digits, modulus 11."""
    if len(digits) != 10:
        return False
    check = 11 - sum(int(digit) * (10 - index) for index, digit in enumerate(digits[:9])) % 11
    return check % 11 == int(digits[9]) and check != 10


_VIN_VALUES = {
    **{str(n): n for n in range(10)},
    **dict(
        zip(
            "ABCDEFGHJKLMNPRSTUVWXYZ",
            [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9],
            strict=True,
        )
    ),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vehicle(code: str) -> bool:
    """Vehicle identification numbers with the check digit of North America (ISO 3779)."""
    if len(code) != 17 or not set(code) <= set(_VIN_VALUES):
        return False
    total = sum(_VIN_VALUES[c] * w for c, w in zip(code, _VIN_WEIGHTS, strict=True)) % 11
    return code[8] == ("X" if total == 10 else str(total))


_DIHEDRAL = [
    [(j + i) % 5 + 5 * ((i < 5) ^ (j < 5)) if i < 5 else 0 for j in range(10)] for i in range(10)
]
for _i in range(10):
    for _j in range(10):
        if _i < 5:
            _DIHEDRAL[_i][_j] = (_i + _j) % 5 if _j < 5 else (_i + _j - 5) % 5 + 5
        else:
            _DIHEDRAL[_i][_j] = (_i - 5 - _j) % 5 + 5 if _j < 5 else (_i - _j) % 5
_PERMUTATION = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _i in range(2, 8):
    _PERMUTATION.append([_PERMUTATION[_i - 1][_PERMUTATION[1][_j]] for _j in range(10)])


def aadhaar(digits: str) -> bool:
    """Indian resident numbers: twelve digits, Verhoeff's check, none begins with 0 or 1."""
    check = 0
    for index, digit in enumerate(reversed(digits)):
        check = _DIHEDRAL[check][_PERMUTATION[index % 8][int(digit)]]
    return len(digits) == 12 and digits[0] not in "01" and check == 0
