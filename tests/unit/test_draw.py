"""The draw of objects: the protocol's published vectors, quotas, selection, commitment and door proof."""

from __future__ import annotations

import ast
import hashlib
import random
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from engine import merkle
from engine.inspection import draw

DRAW_ID = "CN-350200-SCJG-2026-0007"
ENTROPY = "KL8:2026198:03.05.11.17.19.22.28.30.34.41.44.47.52.55.60.61.66.70.73.79"
SEED = "18602071746e65e807e5104561d0a281e87a7af40ae2c9acc43e3e355e744cb3"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def rows(count: int, strata: int = 4) -> list[tuple[str, str]]:
    return [(f"{91370105000000 + i}", f"S{i % strata}") for i in range(count)]


def test_the_published_vectors_hold_for_sha256():
    seed = draw.seed_of("sha256", DRAW_ID, ENTROPY)
    ticket = draw.ticket_of("sha256", seed, "91350200MA0000001X")
    assert seed == SEED
    assert ticket.startswith("663f5cba") and ticket.endswith("6980f6c9")


def test_the_published_vectors_hold_for_sm3():
    seed = draw.seed_of("sm3", DRAW_ID, ENTROPY)
    ticket = draw.ticket_of("sm3", seed, "91350200MA0000001X")
    assert seed.startswith("f41c2011") and seed.endswith("2f1a4636")
    assert ticket.startswith("e4aa6f54") and ticket.endswith("642c8aa1")


def test_the_plain_sm3_equals_the_standard_example_and_openssl():
    abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert draw.PlainSM3(b"abc").hexdigest() == abc == draw.digest_hex("sm3", "abc")
    for size in (0, 1, 55, 56, 63, 64, 65, 119, 120, 300):
        data = bytes(i % 256 for i in range(size))
        assert draw.PlainSM3(data).digest() == draw.new_hash("sm3", data).digest()


def test_the_module_imports_the_standard_library_alone():
    tree = ast.parse(Path(draw.__file__).read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    assert names <= set(sys.stdlib_module_names)
    assert "random" not in names and "secrets" not in names


def test_selection_is_the_smallest_tickets_of_every_stratum():
    listed = rows(2000)
    key = "ab" * 32
    chosen = draw.select(lambda: listed, seed=SEED, ppm={f"S{i}": 50_000 for i in range(4)}, rounding="ceil", key=key)
    for stratum in ("S0", "S1", "S2", "S3"):
        tickets = sorted(
            (
                hashlib.sha256(
                    f"{SEED}|O|{i}|{hashlib.sha256(f'{key}|S|{i}'.encode()).hexdigest()}".encode()
                ).hexdigest(),
                i,
            )
            for i, s in listed
            if s == stratum
        )
        assert chosen.drawn[stratum] == [i for _, i in tickets[:25]]
        assert chosen.thresholds[stratum] == tickets[24][0]


@pytest.mark.parametrize("share", [0, 1, 40_000, 500_000, 999_999, 1_000_000])
def test_the_shortcut_never_changes_the_outcome(share: int):
    listed = rows(333, 3)
    chosen = draw.select(lambda: listed, seed=SEED, ppm=dict.fromkeys(("S0", "S1", "S2"), share), rounding="hamilton")
    for stratum, ids in chosen.drawn.items():
        order = sorted((draw.ticket_of("sha256", SEED, i), i) for i, s in listed if s == stratum)
        assert ids == [i for _, i in order[: chosen.quotas[stratum]]]


def test_rows_are_read_again_when_the_shortcut_kept_too_few(monkeypatch: pytest.MonkeyPatch):
    listed = rows(5000, 1)
    plain = draw.select(lambda: listed, seed=SEED, ppm={"S0": 20_000}, rounding="ceil")
    monkeypatch.setattr(draw.math, "isqrt", lambda n: -(n // 6) - 2)  # a bound far too tight
    passes = []

    def counted():
        passes.append(1)
        return listed

    again = draw.select(counted, seed=SEED, ppm={"S0": 20_000}, rounding="ceil")
    assert again.drawn == plain.drawn
    assert len(passes) == 3  # sizes, shortcut, everything


def test_a_failure_lets_the_next_ticket_move_up_whatever_the_order():
    listed = rows(400, 1)
    settings = {"seed": SEED, "ppm": {"S0": 25_000}, "rounding": "ceil"}
    first = draw.select(lambda: listed, **settings).drawn["S0"]
    long = draw.select(lambda: listed, **{**settings, "ppm": {"S0": 32_500}}).drawn["S0"]
    assert draw.select(lambda: listed, failed=[first[2], first[7], long[10]], **settings).drawn["S0"] == [
        i for i in long if i not in {first[2], first[7], long[10]}
    ]


def test_a_stratum_with_too_few_left_after_failures_is_drawn_whole():
    listed = [("a", "S"), ("b", "S"), ("c", "S")]
    chosen = draw.select(lambda: listed, seed=SEED, ppm={"S": 1_000_000}, rounding="ceil", failed=["b"])
    assert sorted(chosen.drawn["S"]) == ["a", "c"]


@pytest.mark.parametrize("rounding", draw.ROUNDINGS)
def test_quotas_differ_from_the_exact_share_by_less_than_one(rounding: str):
    rng = random.Random("quotas")
    for trial in range(200):
        counts = {f"层{i}": rng.randint(0, 500) for i in range(rng.randint(1, 40))}
        ppm = {s: rng.choice([0, 1, 13_337, 30_000, 1_000_000]) for s in counts}
        got = draw.quotas(counts, ppm, rounding, f"{trial:064x}")
        exact = {s: Fraction(counts[s] * ppm[s], 1_000_000) for s in counts}
        assert all(abs(got[s] - exact[s]) < 1 for s in counts)
        assert all(0 <= got[s] <= counts[s] for s in counts)
        if rounding != "ceil":
            assert abs(sum(got.values()) - sum(exact.values())) < 1


def test_systematic_quotas_are_fair_to_strata_too_small_to_count():
    """Forty strata of ten firms at 3 %: each expects 0.3, so 12 in all, and never the same twelve."""
    counts = {f"S{i:02d}": 10 for i in range(40)}
    ppm = dict.fromkeys(counts, 30_000)
    hits = dict.fromkeys(counts, 0)
    for trial in range(1000):
        got = draw.quotas(counts, ppm, "systematic", hashlib.sha256(f"fair {trial}".encode()).hexdigest())
        assert sum(got.values()) == 12
        for stratum, count in got.items():
            hits[stratum] += count
    assert all(230 < count < 370 for count in hits.values())


def test_hamilton_ties_fall_by_hash_not_by_name():
    counts = {"a": 1, "b": 1, "c": 1}
    ppm = dict.fromkeys(counts, 400_000)  # 1.2 in all: two of three strata get one
    losers = set()
    for trial in range(60):
        got = draw.quotas(counts, ppm, "hamilton", f"{trial:064x}")
        assert sum(got.values()) == 2
        losers |= {s for s, n in got.items() if n == 0}
    assert losers == {"a", "b", "c"}


def test_wrong_ratios_roundings_hashes_and_fields_are_refused():
    with pytest.raises(draw.DrawError):
        draw.quotas({"S": 3}, {}, "ceil", SEED)
    with pytest.raises(draw.DrawError):
        draw.quotas({"S": 3}, {"S": 1_000_001}, "ceil", SEED)
    with pytest.raises(draw.DrawError):
        draw.quotas({"S": 3}, {"S": 1}, "nearest", SEED)
    with pytest.raises(draw.DrawError):
        draw.seed_of("md5", DRAW_ID, ENTROPY)
    with pytest.raises(draw.DrawError):
        draw.seed_of("sha256", "CN|1", ENTROPY)
    for part in ("a|b", "a;b", "a\tb", "a\nb", ""):
        with pytest.raises(draw.DrawError):
            draw.join_entropy(["fine", part])
    assert draw.join_entropy(["x", "y"]) == "x;y"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 100])
def test_the_commitment_is_the_rfc_6962_tree_and_every_path_holds(count: int):
    listed = sorted(rows(count))
    key = "cd" * 32
    levels = draw.merkle_levels(draw.leaves_of(listed, "sha256", key))
    top = levels[-1][0].hex()
    assert top == merkle.root(levels[0]).hex() == draw.merkle_root(levels[0])
    for index, (object_id, stratum) in enumerate(listed):
        path = draw.merkle_path(levels, index)
        assert path == [h.hex() for h in merkle.inclusion_proof(levels[0], index)]
        leaf = draw.leaf_of(object_id, stratum, draw.salt_of("sha256", key, object_id))
        assert draw.merkle_path_holds(leaf, index, count, path, top)
        assert not draw.merkle_path_holds(leaf, index, count, [*path, top], top)
        assert not draw.merkle_path_holds(draw.leaf_of(object_id, "other", ""), index, count, path, top)
        if path:
            assert not draw.merkle_path_holds(leaf, index, count, path[:-1], top)
            assert not draw.merkle_path_holds(leaf, index, count, ["zz", *path[1:]], top)
    assert not draw.merkle_path_holds(levels[0][0], count, count, [], top)


def test_lists_out_of_order_or_with_doubles_cannot_be_committed():
    with pytest.raises(draw.DrawError):
        list(draw.leaves_of([("b", "S"), ("a", "S")]))
    with pytest.raises(draw.DrawError):
        list(draw.leaves_of([("a", "S"), ("a", "S")]))


def test_a_drawn_firm_can_check_its_own_lot_and_nobody_elses():
    listed = sorted(rows(500, 1))
    key = "ef" * 32
    chosen = draw.select(lambda: listed, seed=SEED, ppm={"S0": 20_000}, rounding="ceil", key=key)
    levels = draw.merkle_levels(draw.leaves_of(listed, "sha256", key))
    index_of = {i: n for n, (i, _) in enumerate(listed)}

    def proof(object_id: str) -> draw.DoorProof:
        index = index_of[object_id]
        return draw.DoorProof(
            "sha256", DRAW_ID, object_id, "S0", draw.salt_of("sha256", key, object_id), SEED, chosen.thresholds["S0"],
            index, len(listed), tuple(draw.merkle_path(levels, index)), levels[-1][0].hex(),
        )  # fmt: skip

    drawn = chosen.drawn["S0"]
    assert all(proof(i).on_the_list() and proof(i).drawn() for i in drawn)
    others = [i for i, _ in listed if i not in drawn]
    assert all(proof(i).on_the_list() and not proof(i).drawn() for i in others[:50])


def test_a_late_addition_is_in_when_its_lot_is_at_most_the_threshold():
    assert draw.late_addition_is_drawn("0a", "0b")
    assert draw.late_addition_is_drawn("0b", "0b")
    assert not draw.late_addition_is_drawn("0c", "0b")
    assert not draw.late_addition_is_drawn("00", "")
