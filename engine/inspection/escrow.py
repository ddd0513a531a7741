"""The key K of a sealed draw, held in parts: no holder alone learns anything, a lost share loses nothing.

Shamir's scheme over GF(2⁸) (the field of AES, polynomial x⁸+x⁴+x³+x+1), byte by byte: a random
polynomial of degree ``threshold`` − 1 whose value at 0 is the secret is evaluated at 1 … n.  Holders
are the draw witnesses' departments and the auditors (``audit``); all but one of them recover K
together.  A share lies here, bound to its holder, until the draw is drawn (or has ended without
one): whoever knew K earlier could reckon with the tickets of a draw to come.  Then its holder
collects it once and it is erased here.  See docs/adr 0022 and its successor for what this protects
against and what not.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection.draw_record import json_text, parse_json, sha256
from engine.inspection.models import Draw, DrawKeyShare

AUDIT = "audit"
KIND = "key-share"


# ---------------------------------------------------------------- the scheme


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _inverse(a: int) -> int:
    result, power = 1, a
    for _ in range(7):  # a²⁵⁴ = a⁻¹ in a field of 256 elements, and 254 = 2 + 4 + … + 128
        power = _times(power, power)
        result = _times(result, power)
    return result


def split(secret: bytes, count: int, threshold: int) -> list[bytes]:
    """Shares at 1 … ``count``; any ``threshold`` of them give the secret, fewer tell nothing."""
    if not 2 <= threshold <= count <= 255:
        raise ValueError("2 ≤ threshold ≤ count ≤ 255")
    polynomials = [[byte, *secrets.token_bytes(threshold - 1)] for byte in secret]

    def value(coefficients: Sequence[int], x: int) -> int:
        result = 0
        for coefficient in reversed(coefficients):
            result = _times(result, x) ^ coefficient
        return result

    return [bytes(value(p, x) for p in polynomials) for x in range(1, count + 1)]


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The secret of the shares by their position; with too few or wrong ones something else comes out."""
    secret = bytes(len(next(iter(shares.values()))))
    for x, share in shares.items():
        weight = 1
        for other in shares:
            if other != x:
                weight = _times(weight, _times(other, _inverse(other ^ x)))
        secret = bytes(s ^ _times(weight, byte) for s, byte in zip(secret, share, strict=True))
    return secret


# ---------------------------------------------------------------- shares of a draw


def threshold_of(count: int) -> int:
    """All but one: a share may be lost, and no single holder can act alone."""
    return count - 1


def deposit(session: Session, draw: Draw, departments: Sequence[str]) -> None:
    """Split the draw's key among the witnesses' departments and the auditors."""
    holders = [*dict.fromkeys(departments), AUDIT]
    shares = split(bytes.fromhex(draw.key), len(holders), threshold_of(len(holders)))
    session.add_all(
        DrawKeyShare(
            id=new_id(), district_id=draw.district_id, draw_id=draw.draw_id, position=position, holder=holder,
            share=share.hex(), share_sha256=hashlib.sha256(share).hexdigest(),
        )
        for position, (holder, share) in enumerate(zip(holders, shares, strict=True), start=1)
    )  # fmt: skip


def holders(session: Session, draw: Draw) -> list[DrawKeyShare]:
    """Who holds a share, and since when; empty for an open draw."""
    return list(
        session.scalars(
            sa.select(DrawKeyShare)
            .where(DrawKeyShare.district_id == draw.district_id, DrawKeyShare.draw_id == draw.draw_id)
            .order_by(DrawKeyShare.position)
        )
    )


def may_collect(state: str) -> bool:
    """Are the shares of a draw in this state handed out?  Not while its witnesses may still act."""
    return state != "committed"


def collect(session: Session, draw: Draw, holder: str, user_id: str | None, now: datetime) -> str:
    """Hand ``holder`` its share as a file and forget it here.

    Raises :class:`NotFound` when it holds none and :class:`Conflict` before the draw and when it was collected before.
    """
    row = session.scalar(
        sa.select(DrawKeyShare)
        .where(
            DrawKeyShare.district_id == draw.district_id,
            DrawKeyShare.draw_id == draw.draw_id,
            DrawKeyShare.holder == holder,
        )
        .with_for_update()
    )
    if row is None:
        raise NotFound(f"抽取 {draw.draw_id} 没有由您保管的密钥份额。")
    if not may_collect(draw.state):
        raise Conflict("名单已经封存、还没有抽取，密钥份额暂不发放；抽取完成后再来领取，份额不会丢失。")
    if row.collected_at is not None:
        raise Conflict("这份密钥份额已经领取，本系统不再保存，不能再次领取。请向领取人索取。")
    count = len(holders(session, draw))
    text = json_text(
        {
            "kind": KIND,
            "draw_id": draw.draw_id,
            "holder": holder,
            "position": row.position,
            "count": count,
            "threshold": threshold_of(count),
            "share": row.share,
            "key_sha256": json.loads(draw.files["manifest.json"])["key_sha256"],
        }
    )
    row.share, row.collected_at, row.collected_by = "", now, user_id
    session.flush()
    return text


def key_from(texts: Sequence[str]) -> tuple[str, str]:
    """``(draw_id, K)`` of collected shares.

    Raises :class:`InvalidInput` when a file is no share, too few are given, they belong to different
    draws, or what comes out is not the committed key.
    """
    shares: dict[int, bytes] = {}
    seen: set[tuple[str, str, int]] = set()
    for text in texts:
        data: dict[str, Any] = parse_json("密钥份额", text)
        try:
            if data["kind"] != KIND:
                raise ValueError
            shares[int(data["position"])] = bytes.fromhex(data["share"])
            seen.add((str(data["draw_id"]), str(data["key_sha256"]), int(data["threshold"])))
        except (KeyError, TypeError, ValueError):
            raise InvalidInput("有一个文件不是密钥份额，请核对。", fields={"shares": ["不是密钥份额文件。"]}) from None
    if len(seen) != 1:
        raise InvalidInput("这些密钥份额不属于同一次抽取。", fields={"shares": ["请只选同一次抽取的份额。"]})
    ((draw_id, digest, threshold),) = seen
    if len(shares) < threshold:
        said = f"至少需要 {threshold} 份不同的密钥份额，现在只有 {len(shares)} 份。"
        raise InvalidInput(said, fields={"shares": [said]})
    if len({len(share) for share in shares.values()}) == 1:
        key = combine(shares).hex()
        if sha256(key) == digest:
            return draw_id, key
    raise InvalidInput(
        "这些份额合成的密钥与封存时公布的摘要不符，有份额被改动。", fields={"shares": ["有份额被改动或抄错。"]}
    )


def recover(session: Session, draw: Draw, texts: Sequence[str]) -> None:
    """Put a lost or damaged key back from its shares.  Raises :class:`InvalidInput` like :func:`key_from`."""
    draw_id, key = key_from(texts)
    if draw_id != draw.draw_id:
        raise InvalidInput(
            f"这些份额属于抽取 {draw_id}，不是 {draw.draw_id}。", fields={"shares": ["份额属于另一次抽取。"]}
        )
    if json.loads(draw.files["manifest.json"])["key_sha256"] != sha256(key):
        raise InvalidInput("份额中的摘要与本次抽取的封存清单不符。", fields={"shares": ["份额中的摘要被改动。"]})
    draw.key = key
    session.flush()


def known_key(draw: Draw, manifest: Mapping[str, Any]) -> str:
    """The draw's key, empty in open mode.

    Raises :class:`Conflict` when a sealed draw's key is not the committed one: nothing may be computed
    with a wrong key, it would show another outcome.
    """
    if manifest["mode"] == "open":
        return ""
    if sha256(draw.key) != manifest["key_sha256"]:
        raise Conflict(
            f"抽取 {draw.draw_id} 的密钥丢失或损坏，与封存时的摘要不符。请各保管人交出密钥份额，"
            "由系统管理员用 lianjian recover-key 恢复。"
        )
    return draw.key


def with_key(result: str, key: str) -> str:
    """``result.json`` with K, as auditors get it; the log holds the digest of the text without."""
    return result.replace('"key": ""', f'"key": "{key}"', 1)
