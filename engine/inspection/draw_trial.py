"""Trial draws (试抽): what would come out of the lists as they are now, without anybody's name.

A trial has a number of its own series (``T0001``), its commitment and its result stand in the
public log, and it has no effect.  Its entropy and key are its own and are forgotten at once,
its lists are not kept: neither an official nor the database can tell from it who would be
drawn, in the trial or in the draw.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.inspection import draw as protocol
from engine.inspection import draw_record, draw_register
from engine.inspection.assignment import Infeasible, assign
from engine.inspection.draw_conduct import Frozen
from engine.inspection.draw_freeze import Sealing, commit
from engine.inspection.draw_jobs import make_jobs, visit_of
from engine.inspection.models import Campaign, Draw
from engine.inspection.pool import Pool
from engine.settings import Settings

ENTROPY_RULE = "试抽：随机因子由系统产生后即弃，没有抽取监督人，不产生任何效力"


def run_trial(
    session: Session,
    settings: Settings,
    campaign: Campaign,
    plan: Mapping[str, Any],
    pool: Pool,
    names: Mapping[str, str],
    now: datetime,
) -> Draw:
    """Draw once from the pool and keep only figures, in ``trial.json`` of the returned row.

    ``names`` turns codes into what officials call them.  Raises :class:`ServiceTaskFailed` for an empty pool.
    """
    made = Sealing(
        disclosure="protected",
        key=secrets.token_hex(32),
        hash_name=str(plan.get("hash") or "sha256"),
        entropy_rule=ENTROPY_RULE,
        witnesses=[],
        trial=True,
    )
    row, files = commit(session, settings, campaign, pool, made, now)
    manifest = draw_record.parse_json("manifest.json", files["manifest.json"])
    frozen = Frozen.read(manifest, files, made.key)
    seed = protocol.seed_of(frozen.hash_name, row.draw_id, secrets.token_hex(16))
    figures = draw_record.json_text(_figures(frozen, seed, names))
    row.files = {"manifest.json": files["manifest.json"], "trial.json": figures}
    row.key, row.state, row.drawn_at = "", "drawn", now
    # The seed is a digest of forgotten entropy; what it drew cannot be computed without the forgotten key.
    draw_register.append(
        session, row.district_id, now, "result", row.draw_id, draw_record.sha256(figures), seed, "0",
        draw_register.stamp(now, settings),
    )  # fmt: skip
    session.flush()
    return row


def _figures(frozen: Frozen, seed: str, names: Mapping[str, str]) -> dict[str, Any]:
    selection = frozen.select(seed)
    drawn = [i for ids in selection.drawn.values() for i in ids]
    jobs = make_jobs(drawn, frozen.scope, frozen.rule)
    short = ""
    loads: Counter[str] = Counter()
    try:
        pairs = assign(
            jobs, frozen.inspectors, frozen.recusals, seed=seed, per_inspector=frozen.per_inspector,
            hash_name=frozen.hash_name,
        )  # fmt: skip
        loads.update(person for pair in pairs.values() for person in pair)
    except Infeasible as infeasible:
        short = infeasible.words(names)
    departments = []
    for department in frozen.rule.departments:
        burdens = [loads[p.id] for p in frozen.inspectors if p.department == department]
        departments.append(
            {
                "department": department,
                "jobs": sum(job.department == department for job in jobs),
                "objects": sum(len(job.objects) for job in jobs if job.department == department),
                "inspectors": len(burdens),
                "least": min(burdens, default=0),
                "most": max(burdens, default=0),
            }
        )
    return {
        "strata": [
            {
                "stratum": stratum,
                "objects": selection.counts[stratum],
                "ppm": int(frozen.manifest["ppm"][stratum]),
                "drawn": len(ids),
            }
            for stratum, ids in sorted(selection.drawn.items())
        ],
        "drawn": len(drawn),
        "visits": len({visit_of(job.job) for job in jobs}),
        "departments": departments,
        "short": short,
    }
