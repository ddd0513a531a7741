"""Who may see what of a draw: the public, a drawn firm at its door, an authorised auditor.

Protected: during the task the commitment, counts and the log; afterwards salted leaves,
entropy and the flat list of inspected firms.  Open: the objects after the draw, everything
after the task; pairings are never public before the visits.  The full record goes to
auditors, and that they received it is itself logged.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection import draw as protocol
from engine.inspection import draw_register
from engine.inspection.draw_record import Files, json_text, parse_pairs, sha256
from engine.inspection.draws import witnesses_of
from engine.inspection.escrow import known_key, with_key
from engine.inspection.models import Campaign, Draw, DrawnObject
from engine.settings import Settings

#: Lists that would show pairings or who may form them.
_LATER = ("change-", "addition-")
_STAFF = ("inspectors.tsv", "recusals.tsv", "jobs.tsv", "result.json", "scope.tsv")


def task_ended(session: Session, draw: Draw) -> bool:
    """Are all visits of the draw's task over and their results out?"""
    row = session.execute(
        sa.select(Campaign.total, Campaign.open_count, Campaign.archived_at, Campaign.draw_id).where(
            Campaign.district_id == draw.district_id, Campaign.number == draw.campaign
        )
    ).first()
    if row is None or row.draw_id != draw.draw_id or draw.state not in ("drawn", "imported"):
        return False
    return row.archived_at is not None or (row.total > 0 and row.open_count == 0)


def commitment(session: Session, draw: Draw) -> dict[str, Any]:
    """What is public from the first minute: digests, counts, state, reason of an abort or annulment."""
    manifest = json.loads(draw.files["manifest.json"]) if "manifest.json" in draw.files else {}
    counts = {name: manifest[name]["count"] for name in ("candidates", "exclusions", "inspectors") if name in manifest}
    if draw.state in ("drawn", "imported") and not draw.trial and not draw.parent:
        counts["drawn"] = (
            session.scalar(
                sa.select(sa.func.count())
                .select_from(DrawnObject)
                .where(
                    DrawnObject.district_id == draw.district_id,
                    DrawnObject.draw_id == draw.draw_id,
                    DrawnObject.failed_reason == "",
                )
            )
            or 0
        )
    return {
        "spec": protocol.SPEC,
        "draw_id": draw.draw_id,
        "authority": draw.authority,
        "trial": draw.trial,
        "origin": draw.origin,
        "state": draw.state,
        "reason": draw.reason,
        "disclosure": draw.disclosure,
        "manifest_sha256": draw.manifest_sha256,
        "manifest_sm3": draw.manifest_sm3,
        "merkle": manifest["candidates"]["merkle"] if manifest else "",
        "counts": counts,
        "committed_at": manifest.get("committed_at", ""),
        "receipt": draw.receipt,
    }


def public_names(session: Session, draw: Draw) -> list[str]:
    """The names of the files :func:`public_record` would give, without making them."""
    always = ["log.json", "log.tsv"]
    ended = task_ended(session, draw)
    if draw.origin != "own" or draw.state != "drawn" or (draw.disclosure != "open" and not ended):
        return sorted(["commitment.json", *always])
    if draw.disclosure != "open":
        return sorted(["manifest.json", "leaves.txt", "inspected.tsv", "public-result.json", *always])
    if ended:
        return sorted([*draw.files, *always])
    return sorted(["manifest.json", "candidates.tsv", "exclusions.tsv", "scope.tsv", "objects.json", *always])


def public_record(session: Session, settings: Settings, draw: Draw, now: datetime) -> Files:
    """The record as anybody may have it today."""
    proof, log = draw_register.proof(session, settings, draw.draw_id, now)
    files: Files = {"log.json": json_text(proof), "log.tsv": log}
    ended = task_ended(session, draw)
    if draw.origin != "own" or draw.state != "drawn":
        return {**files, "commitment.json": json_text(commitment(session, draw))}
    if draw.disclosure == "open":
        stored = dict(draw.files)
        if ended:
            return {**stored, **files}
        shown = {name: text for name, text in stored.items() if name not in _STAFF and not name.startswith(_LATER)}
        return {**shown, "scope.tsv": stored["scope.tsv"], "objects.json": _objects(stored), **files}
    if not ended:
        return {**files, "commitment.json": json_text(commitment(session, draw))}
    return {**files, **_after_protected(session, draw)}


def _objects(stored: Files) -> str:
    """``objects.json``: the result without the pairs."""
    result = json.loads(stored["result.json"])
    shown = {key: result[key] for key in ("manifest_sha256", "entropy", "witnesses", "failed", "drawn")}
    return json_text({**shown, "result_sha256": sha256(stored["result.json"])})


def _after_protected(session: Session, draw: Draw) -> Files:
    stored = draw.files
    manifest, result = json.loads(stored["manifest.json"]), json.loads(stored["result.json"])
    candidates = parse_pairs("candidates.tsv", stored["candidates.tsv"])
    leaves = protocol.leaves_of(candidates, manifest["hash"], known_key(draw, manifest))
    inspected = sorted(
        session.scalars(
            sa.select(DrawnObject.uscc).where(
                DrawnObject.district_id == draw.district_id,
                DrawnObject.draw_id == draw.draw_id,
                DrawnObject.failed_reason == "",
            )
        ),
        key=str.encode,
    )
    public = {
        "draw_id": draw.draw_id,
        "manifest_sha256": result["manifest_sha256"],
        "result_sha256": sha256(stored["result.json"]),
        "entropy": result["entropy"],
        "witnesses": result["witnesses"],
        "inspected": len(inspected),
    }
    return {
        "manifest.json": stored["manifest.json"],
        "leaves.txt": "".join([leaf.hex() + "\n" for leaf in leaves]),
        "inspected.tsv": "".join([f"{uscc}\n" for uscc in inspected]),
        "public-result.json": json_text(public),
    }


def auditor_record(session: Session, settings: Settings, draw: Draw, now: datetime) -> Files:
    """Everything, with K once the draw is over.  Use :func:`hand_to_auditor` to give it to somebody."""
    proof, log = draw_register.proof(session, settings, draw.draw_id, now)
    files: Files = {**draw.files, "log.json": json_text(proof), "log.tsv": log}
    if draw.trial or draw.parent:
        return {**files, "commitment.json": json_text(commitment(session, draw))}
    if "result.json" in files:
        files["result.json"] = with_key(files["result.json"], known_key(draw, json.loads(files["manifest.json"])))
    return files


def hand_to_auditor(
    session: Session, settings: Settings, draw: Draw, auditor: str, purpose: str, now: datetime
) -> Files:
    """The full record for an authorised auditor; the handing over is a line of the public log.

    Raises :class:`InvalidInput` without a purpose.
    """
    if len(purpose.strip()) < 4:
        raise InvalidInput("请写明核验事由。", fields={"purpose": ["核验事由会记入公开日志，至少 4 个字。"]})
    draw_register.append(
        session, draw.district_id, now, "audit", draw.draw_id, auditor, purpose, draw_register.stamp(now, settings)
    )
    return auditor_record(session, settings, draw, now)


def door_proof(session: Session, settings: Settings, draw: Draw, uscc: str, now: datetime) -> str:
    """The proof one drawn firm is shown at its door, as JSON text."""
    return door_proofs(session, settings, draw, [uscc], now)[uscc]


def door_proofs(
    session: Session, settings: Settings, draw: Draw, usccs: Collection[str], now: datetime
) -> dict[str, str]:
    """Proofs for several firms at the price of one.

    Raises :class:`NotFound` for a firm that is not drawn and :class:`Conflict` when there is nothing to prove.
    """
    if draw.state != "drawn":
        raise Conflict(f"抽取 {draw.draw_id} 没有可核验的结果。")
    rows = session.scalars(
        sa.select(DrawnObject).where(
            DrawnObject.district_id == draw.district_id,
            DrawnObject.draw_id == draw.draw_id,
            DrawnObject.failed_reason == "",
        )
    ).all()
    drawn = {row.uscc: row for row in rows}
    if missing := sorted(set(usccs) - set(drawn)):
        raise NotFound(f"{'、'.join(missing)} 不在抽取 {draw.draw_id} 的名单中。")
    frozen = _ProvenList.of_draw(session, settings, draw, now)
    lists = [frozen, *(_ProvenList.of_addition(session, settings, row, now) for row in _additions(session, draw))]
    threshold: dict[str, str] = {}
    for row in rows:
        if row.uscc in frozen.index_of:
            threshold[row.stratum] = max(threshold.get(row.stratum, ""), row.ticket)
    key = known_key(draw, json.loads(draw.files["manifest.json"]))
    proofs: dict[str, str] = {}
    for uscc in usccs:
        proven, stratum = next(one for one in lists if uscc in one.index_of), drawn[uscc].stratum
        proofs[uscc] = proven.proof(uscc, stratum, key, threshold[stratum])
    return proofs


def _additions(session: Session, draw: Draw) -> list[Draw]:
    """The late additions of a draw that were carried through."""
    return list(
        session.scalars(
            sa.select(Draw).where(
                Draw.district_id == draw.district_id, Draw.parent == draw.draw_id, Draw.state == "drawn"
            )
        )
    )


@dataclass(frozen=True, slots=True)
class _ProvenList:
    """A committed list with its tree, the seed its lots follow from, and its place in the log."""

    draw_id: str
    hash: str
    seed: str
    index_of: dict[str, int]
    levels: list[list[bytes]]
    log: dict[str, Any]

    @classmethod
    def of_draw(cls, session: Session, settings: Settings, draw: Draw, now: datetime) -> _ProvenList:
        result = json.loads(draw.files["result.json"])
        manifest = json.loads(draw.files["manifest.json"])
        rows = parse_pairs("candidates.tsv", draw.files["candidates.tsv"])
        return cls._of(session, settings, draw.draw_id, manifest["hash"], known_key(draw, manifest), rows,
                       result["entropy"], now)  # fmt: skip

    @classmethod
    def of_addition(cls, session: Session, settings: Settings, addition: Draw, now: datetime) -> _ProvenList:
        parent = session.scalars(
            sa.select(Draw).where(Draw.district_id == addition.district_id, Draw.draw_id == addition.parent)
        ).one()
        manifest = json.loads(addition.files["manifest.json"])
        rows = [(str(row["id"]), str(row["stratum"])) for row in manifest["additions"]]
        entropy = protocol.join_entropy([w.part for w in witnesses_of(session, addition)])
        return cls._of(session, settings, addition.draw_id, manifest["hash"], known_key(parent, manifest), rows,
                       entropy, now)  # fmt: skip

    @classmethod
    def _of(
        cls, session: Session, settings: Settings, draw_id: str, hash_name: str, key: str,
        rows: list[tuple[str, str]], entropy: str, now: datetime,
    ) -> _ProvenList:  # fmt: skip
        log, _ = draw_register.proof(session, settings, draw_id, now)
        return cls(
            draw_id,
            hash_name,
            protocol.seed_of(hash_name, draw_id, entropy),
            {object_id: index for index, (object_id, _) in enumerate(rows)},
            protocol.merkle_levels(protocol.leaves_of(rows, hash_name, key)),
            log,
        )

    def proof(self, uscc: str, stratum: str, key: str, threshold: str) -> str:
        salt = protocol.salt_of(self.hash, key, uscc)
        return json_text(
            {
                "kind": "door-proof",
                "spec": protocol.SPEC,
                "hash": self.hash,
                "draw_id": self.draw_id,
                "id": uscc,
                "stratum": stratum,
                "salt": salt,
                "seed": self.seed,
                "ticket": protocol.ticket_of(self.hash, self.seed, uscc, salt),
                "threshold": threshold,
                "index": self.index_of[uscc],
                "count": len(self.index_of),
                "path": protocol.merkle_path(self.levels, self.index_of[uscc]),
                "merkle": self.levels[-1][0].hex(),
                "log": self.log,
            }
        )
