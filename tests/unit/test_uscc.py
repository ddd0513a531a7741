"""Unified social credit codes: GB 32100-2015 and the organisation code of GB 11714 inside."""

from __future__ import annotations

import pytest
import stdnum.cn.uscc
from hypothesis import given
from hypothesis import strategies as st

from engine.inspection import uscc

DIGITS = st.sampled_from("0123456789")
CHARACTERS = st.sampled_from(uscc.ALPHABET)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91440300708461136T", "914403001922038216"])
def test_published_codes_raise_no_doubt(code: str) -> None:
    assert uscc.doubts(code) == []


def test_letters_may_stand_in_the_first_eight() -> None:
    code = uscc.compose("N2370105", "MF012345")
    assert uscc.doubts(code) == []
    assert uscc.doubts(uscc.compose("A1G7N105", "XN0A1B2C")) == []


def test_each_check_character_is_judged_and_named() -> None:
    assert uscc.doubts("91350100M000100Y44") == ["统一社会信用代码校验码不符"]
    first17 = "91350100M000100Y5"
    assert uscc.doubts(first17 + uscc.check_character(first17)) == ["组织机构代码校验码不符"]


def test_letters_the_standard_does_not_use_are_named() -> None:
    assert uscc.doubts("9135010OM000IOOY43") == ["统一社会信用代码含有不使用的字母 I、O"]


@pytest.mark.parametrize("text", ["", "9135", "91350100M000100Y4 ", "91350100M000100Y4３", "91350100m000100y43"])
def test_what_is_not_eighteen_capitals_and_digits_cannot_be_judged(text: str) -> None:
    with pytest.raises(ValueError, match="18"):
        uscc.doubts(text)


def test_full_width_small_and_hyphenated_codes_are_normalised() -> None:
    assert uscc.normalise(" ９１３５0100-m000100y43 ") == "91350100M000100Y43"


@given(st.text(DIGITS, min_size=8, max_size=8), st.text(CHARACTERS, min_size=8, max_size=8))
def test_composed_codes_agree_with_an_independent_implementation(first8: str, organisation8: str) -> None:
    code = uscc.compose(first8, organisation8)
    assert stdnum.cn.uscc.calc_check_digit(code[:17]) == code[17]
    assert uscc.doubts(code) == []


@given(st.text(CHARACTERS, min_size=8, max_size=8), st.text(CHARACTERS, min_size=8, max_size=8), st.data())
def test_one_wrong_character_is_always_noticed(first8: str, organisation8: str, data: st.DataObject) -> None:
    code = uscc.compose(first8, organisation8)
    at = data.draw(st.integers(0, 17))
    wrong = data.draw(CHARACTERS.filter(lambda c: c != code[at]))
    assert uscc.doubts(code[:at] + wrong + code[at + 1 :])
