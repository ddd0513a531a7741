"""Parallel branches merge against the data at their fork (ADR 0002)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.merge import MergeConflict, merge_branches

NAMES = st.sampled_from(["a", "b", "c"])
DATA = st.dictionaries(NAMES, st.integers(0, 3))


def test_what_one_branch_changed_survives_a_branch_that_never_touched_it() -> None:
    base = {"x": "old"}
    assert merge_branches(base, [{"x": "new"}, {"x": "old"}]) == {"x": "new"}
    assert merge_branches(base, [{"x": "old"}, {"x": "new"}]) == {"x": "new"}


def test_branches_that_add_different_names_keep_both() -> None:
    assert merge_branches({}, [{"wjj": 1}, {"yjj": 2}]) == {"wjj": 1, "yjj": 2}


def test_nested_names_merge_one_by_one() -> None:
    merged = merge_branches({"d": {"a": 0, "b": 0}}, [{"d": {"a": 1, "b": 0}}, {"d": {"a": 0, "b": 2}}])
    assert merged == {"d": {"a": 1, "b": 2}}


def test_two_values_for_one_name_are_a_conflict_that_names_it() -> None:
    with pytest.raises(MergeConflict, match="findings"):
        merge_branches({"findings": []}, [{"findings": [1]}, {"findings": [2]}])
    with pytest.raises(MergeConflict, match=r"d\.a"):
        merge_branches({"d": {"a": 0}}, [{"d": {"a": 1}}, {"d": {"a": 2}}])


def test_lists_are_never_merged_by_position() -> None:
    with pytest.raises(MergeConflict):
        merge_branches({"l": [1, 2]}, [{"l": [9, 2]}, {"l": [1, 8]}])


def test_the_same_change_in_two_branches_is_no_conflict() -> None:
    assert merge_branches({"x": 0}, [{"x": 1}, {"x": 1}]) == {"x": 1}


def test_a_name_one_branch_removed_is_gone() -> None:
    assert merge_branches({"x": 0, "y": 0}, [{"y": 0}, {"x": 0, "y": 0}]) == {"y": 0}


@given(DATA, st.lists(DATA, min_size=2, max_size=4))
def test_the_order_of_the_branches_never_matters(base: dict[str, int], branches: list[dict[str, int]]) -> None:
    def outcome(ordered: list[dict[str, int]]) -> dict[str, int] | str:
        try:
            return merge_branches(base, ordered)
        except MergeConflict:
            return "conflict"

    assert outcome(branches) == outcome(branches[::-1])


@given(DATA, DATA)
def test_a_branch_beside_an_idle_one_arrives_unchanged(base: dict[str, int], branch: dict[str, int]) -> None:
    assert merge_branches(base, [branch, base]) == branch
