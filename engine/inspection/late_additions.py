"""Late additions (补充名单): objects missing from the frozen list get a draw of their own, under the old threshold.

The list of additions is committed under a number of its own (``<draw>-A1``), with an entropy of
its own from the same witnesses; an object is in when its ticket is at most the largest drawn
ticket of its stratum.  Nothing that was drawn before changes.  Each addition is a row of ``draw``
with ``parent``; its files and its outcome stand in the parent's record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection import draw as protocol
from engine.inspection import draw_changes, draw_record, draw_register, draws, escrow
from engine.inspection.assignment import Infeasible
from engine.inspection.draw_conduct import addition_file, admit
from engine.inspection.draw_freeze import ENTROPY_RULE, add_witnesses, log_commitment, witnesses_for
from engine.inspection.draw_record import parse_pairs
from engine.inspection.models import Campaign, Draw, DrawnObject
from engine.inspection.numbers import next_number
from engine.inspection.pool import Pool
from engine.settings import Settings

#: States of a campaign in which objects may still be added.
OPEN = ("待行政检查审批", "检查中")


def additions(draw: Draw, pool: Pool, reasons: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows to commit: stratum, region and departments as the rules of the plan give them today.

    ``reasons`` maps an object to why it was missing.  Raises :class:`InvalidInput`, its fields named
    ``additions[n].uscc``, for an object that was on the frozen list or is no candidate by the plan and
    the gate, and for one whose ratio no stratum of the draw has.
    """
    manifest = json.loads(draw.files["manifest.json"])
    frozen = dict(parse_pairs("candidates.tsv", draw.files["candidates.tsv"]))
    earlier = {row["id"] for name, text in draw.files.items() if name.startswith("addition-")
               for row in json.loads(text)["additions"]}  # fmt: skip
    stratum_of, excluded = dict(pool.candidates), dict(pool.exclusions)
    by_ratio = {ratio: stratum for stratum, ratio in sorted(manifest["ppm"].items(), reverse=True)}
    faults: dict[str, list[str]] = {}
    rows: list[dict[str, Any]] = []
    for n, (uscc, reason) in enumerate(reasons.items()):
        field = f"additions[{n}].uscc"
        ratio = pool.ppm.get(stratum_of.get(uscc, ""))
        if uscc in frozen or uscc in earlier:
            faults[field] = ["已经在封存的名单或者以前的补充名单中，不需要补充。"]
        elif uscc not in stratum_of:
            faults[field] = [f"按方案不能列入名单：{excluded.get(uscc, '名录库中没有这个对象')}。"]
        elif ratio not in by_ratio:
            faults[field] = ["本次抽取没有与它相同抽取比例的分层，不能补充。"]
        else:
            site = pool.scope[uscc]
            rows.append(
                {
                    "id": uscc, "stratum": by_ratio[ratio], "region": site.region,
                    "departments": sorted(site.departments), "place": site.place, "reason": " ".join(reason.split()),
                }
            )  # fmt: skip
    if faults:
        raise InvalidInput("补充名单有误。", fields=faults)
    return sorted(rows, key=lambda row: str(row["id"]).encode())


def commit_addition(
    session: Session, settings: Settings, draw: Draw, rows: Sequence[Mapping[str, Any]], now: datetime
) -> Draw:
    """Commit the additions under a number of their own; the witnesses of the draw log and reveal again.

    Raises :class:`ServiceTaskFailed` when the draw does not stand or a witness's account is gone.
    """
    if draw.state != "drawn":
        raise ServiceTaskFailed(f"抽取 {draw.draw_id} 尚未完成，或已作废，不能补充名单。")
    manifest = json.loads(draw.files["manifest.json"])
    key = escrow.known_key(draw, manifest)
    number = next_number(session, draw.district_id, f"additions/{draw.draw_id}")
    # Additions are no draws of the authority's own series; their serials count downwards beside it.
    serial = -next_number(session, draw.district_id, f"additions/{draw.authority}/{draw.year}")
    people = witnesses_for(session, manifest["witnesses"])
    listed = [(str(row["id"]), str(row["stratum"])) for row in rows]
    lines = draw_record.table(listed)
    addition_id = f"{draw.draw_id}-A{number}"
    text = draw_record.json_text(
        {
            "spec": protocol.SPEC,
            "hash": manifest["hash"],
            "draw_id": addition_id,
            "parent": draw.draw_id,
            "parent_manifest_sha256": draw.manifest_sha256,
            "mode": manifest["mode"],
            "candidates": {
                "sha256": draw_record.sha256(lines),
                "count": len(listed),
                "merkle": protocol.merkle_root(protocol.leaves_of(listed, manifest["hash"], key)),
            },
            "key_sha256": manifest["key_sha256"],
            "entropy_rule": ENTROPY_RULE,
            "witnesses": [person.id for person in people],
            "disclosure": manifest["disclosure"],
            "committed_at": draw_register.stamp(now, settings),
            "additions": list(rows),
        }
    )
    row = Draw(
        id=new_id(), district_id=draw.district_id, draw_id=addition_id, authority=draw.authority, year=draw.year,
        serial=serial, campaign=draw.campaign, parent=draw.draw_id, origin="addition", state="committed",
        disclosure=draw.disclosure, files={"manifest.json": text}, committed_at=now,
    )  # fmt: skip
    log_commitment(session, row, text, now)
    add_witnesses(session, row, people)
    draw.files = {**draw.files, addition_file(addition_id): text}
    session.flush()
    return row


def conduct_addition(
    session: Session, settings: Settings, campaign: Campaign, draw: Draw, addition: Draw, now: datetime
) -> list[str]:
    """Draw among the additions from the revealed parts; returns the objects admitted, in ticket order.

    When the task ended meanwhile, the draw was annulled, or nobody could visit an admitted object, the
    addition is aborted visibly and nobody is admitted.  Raises :class:`ServiceTaskFailed` before all
    parts are revealed, and twice.
    """
    if addition.state != "committed":
        raise ServiceTaskFailed(f"补充名单 {addition.draw_id} 不在待抽取状态，不能再次抽取。")
    people = draws.witnesses_of(session, addition)
    if any(w.revealed_at is None for w in people):
        raise ServiceTaskFailed("还有监督人没有公开随机因子，不能抽取。")
    if draw.state != "drawn" or campaign.state not in OPEN:
        draws.abort(session, settings, addition, "原抽取已作废或者任务的检查已经全部办结", now)
        return []
    entropy = protocol.join_entropy([w.part for w in people])
    number = draw_changes.changes(draw) + 1
    try:
        after, text = admit(
            draws.present_outcome(draw),
            json.loads(addition.files["manifest.json"]),
            entropy,
            draws.shown_witnesses(people, settings),
            number=number,
            at=draw_register.stamp(now, settings),
        )
    except Infeasible as infeasible:
        draws.abort(session, settings, addition, f"没有足够的检查人员：{infeasible.words()}", now)
        return []
    change = json.loads(text)
    admitted = [i for i in after.drawn if i in {i for ids in change["added"].values() for i in ids}]
    seed = protocol.seed_of(after.frozen.hash_name, addition.draw_id, entropy)
    draw_register.append(
        session, draw.district_id, now, "result", addition.draw_id, draw_record.sha256(text), seed,
        str(len(admitted)), draw_register.stamp(now, settings),
    )  # fmt: skip
    draw_changes.keep_change(session, settings, draw, number, text, now)
    addition.state, addition.drawn_at = "drawn", now
    if admitted:
        last = session.scalar(
            sa.select(sa.func.max(DrawnObject.rank)).where(
                DrawnObject.district_id == draw.district_id, DrawnObject.draw_id == draw.draw_id
            )
        )
        draws.add_rows(session, draw, after, admitted, (last or 0) + 1)
    session.flush()
    return admitted
