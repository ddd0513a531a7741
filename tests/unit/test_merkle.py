"""RFC 6962 trees against a literal transcription of the RFC's recursive definitions."""

from __future__ import annotations

import hashlib

import pytest

from engine import merkle

#: The eight inputs and roots of the Certificate Transparency reference implementation.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def literal_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + literal_root(leaves[:k]) + literal_root(leaves[k:])).digest()


def literal_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*literal_path(m, leaves[:k]), literal_root(leaves[k:])]
    return [*literal_path(m - k, leaves[k:]), literal_root(leaves[:k])]


def literal_proof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2."""
    if m == len(leaves):
        return [] if whole else [literal_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*literal_proof(m, leaves[:k], whole), literal_root(leaves[k:])]
    return [*literal_proof(m - k, leaves[k:], False), literal_root(leaves[:k])]


def numbered(count: int) -> list[bytes]:
    return [f"leaf {i}".encode() for i in range(count)]


def test_the_published_test_vectors_hold():
    for size, expected in enumerate(ROOTS, start=1):
        assert merkle.root([merkle.leaf_hash(data) for data in INPUTS[:size]]).hex() == expected


def test_the_empty_tree_has_the_hash_of_nothing():
    assert merkle.root([]) == merkle.EMPTY_ROOT == merkle.Tree().root() == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 16, 21, 33])
def test_every_proof_equals_the_rfc_definition_and_verifies(size: int):
    data = numbered(size)
    hashes = [merkle.leaf_hash(d) for d in data]
    tree = merkle.Tree(hashes)
    expected = literal_root(data)
    assert tree.root() == merkle.root(hashes) == expected
    for index in range(size):
        proof = merkle.inclusion_proof(hashes, index)
        assert proof == literal_path(index, data)
        assert merkle.verify_inclusion(hashes[index], index, size, proof, expected)
    for first in range(1, size + 1):
        proof = tree.consistency_proof(first)
        assert proof == (literal_proof(first, data) if first < size else [])
        assert merkle.verify_consistency(first, size, literal_root(data[:first]), expected, proof)


def test_an_older_size_of_a_grown_tree_gives_the_same_root_and_proofs():
    tree = merkle.Tree()
    roots = [tree.root()]
    for data in numbered(40):
        tree.append(data)
        roots.append(tree.root())
    for size in range(41):
        assert tree.root(size) == roots[size]
        for first in range(size + 1):
            proof = tree.consistency_proof(first, size)
            assert merkle.verify_consistency(first, size, roots[first], roots[size], proof)


def test_wrong_leaf_index_size_or_path_is_not_accepted():
    hashes = [merkle.leaf_hash(d) for d in numbered(13)]
    top = merkle.root(hashes)
    for index in range(13):
        proof = merkle.inclusion_proof(hashes, index)
        assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), index, 13, proof, top)
        assert not merkle.verify_inclusion(hashes[index], (index + 1) % 13, 13, proof, top)
        assert not merkle.verify_inclusion(hashes[index], index, index, proof, top)
        assert not merkle.verify_inclusion(hashes[index], index, 13, proof[:-1], top)
        assert not merkle.verify_inclusion(hashes[index], index, 13, [*proof, top], top)
        assert not merkle.verify_inclusion(hashes[index], index, 13, [b"\x00" * 32, *proof[1:]], top)
        assert not merkle.verify_inclusion(hashes[index], index, 13, [b"short", *proof[1:]], top)


def test_a_rewritten_past_has_no_consistency_proof():
    data = numbered(20)
    changed = [*data]
    changed[3] = b"something else"
    old = merkle.root([merkle.leaf_hash(d) for d in data[:11]])
    tree = merkle.Tree(merkle.leaf_hash(d) for d in changed)
    assert not merkle.verify_consistency(11, 20, old, tree.root(), tree.consistency_proof(11))
    assert not merkle.verify_consistency(11, 20, old, tree.root(), [])
    assert not merkle.verify_consistency(0, 20, old, tree.root(), [])
    assert not merkle.verify_consistency(20, 11, tree.root(), old, [])


def test_asking_for_what_is_not_there_is_an_error():
    tree = merkle.Tree(merkle.leaf_hash(d) for d in numbered(3))
    with pytest.raises(IndexError):
        tree.inclusion_proof(3)
    with pytest.raises(IndexError):
        tree.consistency_proof(4)
    with pytest.raises(IndexError):
        tree.root(4)
    with pytest.raises(ValueError):
        tree.append_hash(b"short")
