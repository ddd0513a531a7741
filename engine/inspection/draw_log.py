"""Lines, signed heads and proofs of the public, append-only log of draws.

A leaf is one line of tab-separated fields; the first names its kind:

* ``commit  draw_id  manifest_sha256  manifest_sm3  merkle  count  at``
* ``witness draw_id  witness_id  logged_sha256  at``
* ``result  draw_id  result_sha256  seed  drawn  at``
* ``change  draw_id  number  file_sha256  at``
* ``abort | annul  draw_id  reason  at``
* ``import  draw_id  platform_number  receipt  list_sha256  at``
* ``audit   draw_id  auditor  purpose  at``

The commitment names the Merkle root and the result names the seed, so that a firm can
check its own proof against the log alone while everything else is still protected.
The tree is RFC 6962 over the UTF-8 bytes of the leaves.  A signed head is the text
``SSJ1-log TAB district TAB size TAB root TAB at`` with an Ed25519 signature (hex).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine import merkle
from engine.inspection.draw_record import RecordUnreadable

FIELDS = {"commit": 7, "witness": 5, "result": 6, "change": 5, "abort": 4, "annul": 4, "import": 6, "audit": 5}


def leaf_text(kind: str, *fields: str) -> str:
    """One line of the log; separators inside a field become spaces (only typed reasons can hold any)."""
    clean = [" ".join(str(field).split()) for field in fields]
    if len(clean) + 1 != FIELDS[kind]:
        raise ValueError(f"a {kind} line has {FIELDS[kind]} fields")
    return "\t".join([kind, *clean])


def parse_leaf(leaf: str) -> list[str]:
    """The fields of a line.  Raises RecordUnreadable."""
    fields = leaf.split("\t")
    if FIELDS.get(fields[0]) != len(fields):
        raise RecordUnreadable(f"公开日志中有无法识别的一行：{leaf[:80]}")
    return fields


def tree_of(leaves: Sequence[str]) -> merkle.Tree:
    return merkle.Tree(merkle.leaf_hash(leaf.encode()) for leaf in leaves)


def log_key(data_dir: Path) -> Ed25519PrivateKey:
    """The key that signs heads; made on first use, readable by its owner alone."""
    path = data_dir / "draw-log.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=data_dir, prefix=".draw-log-")  # 0600
        temporary = Path(name)
        with os.fdopen(descriptor, "w") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)  # atomic, and never replaces a key another process made meanwhile
        temporary.unlink()
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))


def public_key_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def signed_head(district_id: str, size: int, root: bytes, at: str, key: Ed25519PrivateKey) -> dict[str, str]:
    """A head that anyone can keep: whoever later shows another past is contradicted by our own signature."""
    text = f"SSJ1-log\t{district_id}\t{size}\t{root.hex()}\t{at}"
    return {"text": text, "public_key": public_key_hex(key), "signature": key.sign(text.encode()).hex()}


def head_is_signed(head: dict[str, Any]) -> bool:
    """Does the signature fit the text and the key given beside it?"""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["public_key"]))
        key.verify(bytes.fromhex(head["signature"]), str(head["text"]).encode())
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False
    return True


def parse_head(head: dict[str, Any]) -> tuple[str, int, str, str]:
    """``(district, size, root, at)``.  Raises RecordUnreadable."""
    parts = str(head.get("text", "")).split("\t")
    if len(parts) != 5 or parts[0] != "SSJ1-log" or not parts[2].isdigit():
        raise RecordUnreadable("日志签名头的格式无法识别。")
    return parts[1], int(parts[2]), parts[3], parts[4]


def log_proof(leaves: Sequence[str], draw_id: str, head: dict[str, str]) -> dict[str, Any]:
    """``log.json``: the commitment's inclusion proof, those of the draw's other lines, and the signed head."""
    tree = tree_of(leaves)
    entries = [
        {"leaf": leaf, "index": index, "path": [step.hex() for step in tree.inclusion_proof(index)]}
        for index, leaf in enumerate(leaves)
        if leaf.split("\t")[1] == draw_id
    ]
    first = next((entry for entry in entries if str(entry["leaf"]).startswith(("commit\t", "import\t"))), None)
    if first is None:
        raise ValueError(f"{draw_id} is not in the log")
    return {
        **first,
        "size": len(tree),
        "root": tree.root().hex(),
        "head": head,
        "entries": [entry for entry in entries if entry is not first],
    }
