"""Unified social credit codes (统一社会信用代码, GB 32100-2015) and the organisation code inside (GB 11714).

A code has 18 characters: registering body, kind of organisation, six of the division, nine of the
organisation code (whose last is its own check character) and a check character over all.
Letters may stand anywhere in the first eight characters too (domain.md §6); divisions are not
checked against a list, since codes outlive the divisions they were given in.
"""

from __future__ import annotations

import re
from operator import mul

#: The 31 characters of GB 32100: no I, O, S, V or Z.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORGANISATION_VALUE = {c: v for v, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_EIGHTEEN = re.compile(r"[0-9A-Z]{18}")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DROPPED = re.compile(r"[\s\-_‐–—]+")

#: What the first two characters say about the kind of the organisation.
KIND_BY_PREFIX = {
    "91": "企业",
    "92": "个体工商户",
    "93": "农民专业合作社",
    "11": "机关",
    "12": "事业单位",
    "51": "社会团体",
    "52": "民办非企业单位",
    "53": "基金会",
    "N1": "农村集体经济组织",
    "N2": "农村集体经济组织",
    "N3": "农村集体经济组织",
}


def normalise(text: str) -> str:
    """The code as it is stored: half-width capitals without blanks or hyphens."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return _DROPPED.sub("", text.translate(_FULL_WIDTH)).upper()


def check_character(first17: str) -> str:
    """The 18th character; raises ``KeyError`` for a character outside :data:`ALPHABET`."""
    total = sum(map(mul, map(_VALUE.__getitem__, first17), _WEIGHTS))
    return ALPHABET[-total % 31]


def organisation_check_character(first8: str) -> str:
    """The ninth character of an organisation code (GB 11714): a digit or X."""
    total = sum(map(mul, map(_ORGANISATION_VALUE.__getitem__, first8), _ORGANISATION_WEIGHTS))
    return "0123456789X0"[11 - total % 11]


def compose(first8: str, organisation8: str) -> str:
    """A complete code from its first eight characters and eight of the organisation code."""
    first17 = first8 + organisation8 + organisation_check_character(organisation8)
    return first17 + check_character(first17)


#: Every byte as the value it has in either code; 99 for what neither uses.
_VALUES = bytes(_VALUE.get(chr(c), 99) for c in range(256))
_ORGANISATION_VALUES = bytes(_ORGANISATION_VALUE.get(chr(c), 99) for c in range(256))


def plausible(uscc: str) -> bool:
    """True when :func:`doubts` would find nothing; several times as fast, for whole files."""
    if len(uscc) != 18 or not uscc.isascii():
        return False
    raw = uscc.encode()
    values = raw.translate(_VALUES)
    return (
        max(values) < 31
        and -sum(map(mul, values, _WEIGHTS)) % 31 == values[17]
        and "0123456789X0"[11 - sum(map(mul, raw[8:16].translate(_ORGANISATION_VALUES), _ORGANISATION_WEIGHTS)) % 11]
        == uscc[16]
    )


def doubts(uscc: str) -> list[str]:
    """Why a code of 18 letters and digits may be mistyped, in Chinese; empty when everything agrees.

    Raises ``ValueError`` when the text is not 18 letters and digits at all.
    """
    if not _EIGHTEEN.fullmatch(uscc):
        raise ValueError("not 18 letters and digits")
    foreign = sorted({c for c in uscc if c not in _VALUE})
    if foreign:
        return [f"统一社会信用代码含有不使用的字母 {'、'.join(foreign)}"]
    found = []
    if check_character(uscc[:17]) != uscc[17]:
        found.append("统一社会信用代码校验码不符")
    if organisation_check_character(uscc[8:16]) != uscc[16]:
        found.append("组织机构代码校验码不符")
    return found
