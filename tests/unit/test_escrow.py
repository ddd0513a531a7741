"""Shamir's shares: enough of them give the secret, fewer tell nothing."""

from __future__ import annotations

from itertools import combinations

import pytest

from engine.inspection.escrow import combine, split

SECRET = bytes(range(32))


@pytest.mark.parametrize(("count", "threshold"), [(3, 2), (5, 4), (10, 9)])
def test_any_shares_of_the_threshold_give_the_secret_and_one_fewer_does_not(count: int, threshold: int) -> None:
    shares = dict(enumerate(split(SECRET, count, threshold), start=1))
    for chosen in combinations(shares, threshold):
        assert combine({x: shares[x] for x in chosen}) == SECRET
    assert combine(shares) == SECRET
    for chosen in combinations(shares, threshold - 1):
        assert combine({x: shares[x] for x in chosen}) != SECRET


def test_one_share_fits_every_secret_equally() -> None:
    """For a share of one byte each of the 256 secrets is completed by exactly one other share."""
    (first, _, _) = split(b"\x2a", 3, 2)
    possible = {combine({1: first, 2: bytes([other])}) for other in range(256)}
    assert len(possible) == 256


def test_shares_are_drawn_anew_each_time_and_wrong_numbers_are_refused() -> None:
    assert split(SECRET, 3, 2) != split(SECRET, 3, 2)
    for count, threshold in ((3, 1), (2, 3), (300, 2)):
        with pytest.raises(ValueError, match="threshold"):
            split(SECRET, count, threshold)
