"""The moment something becomes public, is corrected, withdrawn or kept closed: one place for all of it.

Every step leaves a version, an event in the history with the digest of what was said, and, when the
outside world is concerned, a message to the provincial platform under a number of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa

from engine.db import new_id
from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection import publication, records, tables
from engine.inspection.models import Publication
from engine.inspection.publication_models import PublicationCorrection, WithheldPublication
from engine.inspection.publicity_periods import months_after
from engine.service_tasks import ServiceContext
from engine.settings import Settings

PUSH_PUBLICATION = "push-publication"
REVIEW_PROCESS = "withholding-review"
WITHHELD = "不予公开"
OTHER_LAW = "other-law"


def release(
    ctx: ServiceContext, row: Publication, stage: str = "published", *, changes: Sequence[Mapping[str, Any]] = (),
    note: str = "", state: str = "published",
) -> None:  # fmt: skip
    """Make ``row`` public as it stands and tell the platform.

    ``stage`` is published, corrected, withdrawn or disclosed (public after all).
    """
    first = row.published_at is None or stage == "disclosed"
    row.state = state
    if first:
        row.released_by, row.published_at = ctx.actor.user_id, ctx.now
        row.release = 1
    else:
        row.release += 1
        row.corrected_at = ctx.now
    row.push_state, row.push_attempts, row.push_error, row.next_push_at = "pending", 0, "", None
    row.receipt, row.received_at = "", None
    publication.index(row)
    record_stage(ctx, row, stage, changes=changes, note=note, release_number=row.release)
    ctx.enqueue(PUSH_PUBLICATION, push_key(row), {"publication_id": row.id})


def push_key(row: Publication) -> str:
    """Names one message about a publication for good: its repetitions are one message on the platform."""
    return row.id if row.release == 1 else f"{row.id}/{row.release}"


def record_stage(
    ctx: ServiceContext, row: Publication, stage: str, *, changes: Sequence[Mapping[str, Any]] = (), note: str = "",
    detail: Mapping[str, Any] | None = None, release_number: int = 0,
) -> None:  # fmt: skip
    """Keep what the publication says at this step, and its digest in the history."""
    publication.add_version(
        ctx.session, row, stage, at=ctx.now, by_user=ctx.actor.user_id, by_name=ctx.actor.name, detail=detail,
        changes=changes, note=note, release=release_number,
    )  # fmt: skip
    ctx.record(
        "publication-stage",
        {"publication": row.id, "subject": row.subject, "stage": stage, "note": note,
         "content_sha256": digest_of(row)},
    )  # fmt: skip


def digest_of(row: Publication) -> str:
    """SHA-256 of what the publication says, for the history."""
    return hashlib.sha256(orjson.dumps(row.content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def ground_of(settings: Settings, code: str, on: date) -> dict[str, Any]:
    """The row of a legal ground in force.  Raises :class:`InvalidInput` when the table has none such."""
    for row in tables.rows(settings, "withhold-ground", on):
        if row["code"] == code:
            return row
    raise InvalidInput(
        "没有这项不予公开的法律依据。",
        fields={"legal_ground": ["请从列表中选择法律依据；列表以外的理由不得作为依据。"]},
    )


def check_ground(settings: Settings, values: Mapping[str, Any], today: date) -> tuple[dict[str, Any], date]:
    """The ground and the day of its review.  Raises :class:`InvalidInput` for a day past or too far away."""
    row = ground_of(settings, str(values.get("legal_ground") or ""), today)
    text = str(values.get("review_on") or "")
    try:
        review_on = date.fromisoformat(text[:10])
    except ValueError:
        raise InvalidInput("请填写复查日期。", fields={"review_on": ["请填写依据预计消失、需要复查的日期。"]}) from None
    months = int(row["longest_months"])
    last = months_after(today, months)
    if not today < review_on <= last:
        raise InvalidInput(
            "复查日期不对。",
            fields={"review_on": [f"“{row['name']}”最长 {months} 个月复查一次，请填 {last} 以前、今天以后的日期。"]},
        )
    return row, review_on


def ground_words(row: Mapping[str, Any], note: str) -> str:
    """The ground as pages show it."""
    return f"{row['article']}（{note}）"[:300]


def withhold(ctx: ServiceContext, row: Publication, values: Mapping[str, Any]) -> None:
    """Decide that ``row`` is not public, and start the review that looks at it again when the ground ends.

    ``values`` are those of the preview: ground, note and the day of review; the actor is the second person.
    """
    today = ctx.calendar.local_date(ctx.now)
    if "review_on" in values:
        ground = ground_of(ctx.settings, str(values["legal_ground"]), today)
        review_on = date.fromisoformat(str(values["review_on"])[:10])
    else:  # decided on a form without codes and days of review: looked at again as soon as any ground asks for it
        ground = {**ground_of(ctx.settings, OTHER_LAW, today), "article": str(values["legal_ground"])}
        review_on = months_after(today, int(ground["longest_months"]))
    row.state, row.released_by = "withheld", ctx.actor.user_id
    row.legal_ground = ground_words(ground, str(values.get("ground_note") or ""))
    proposed_by = records.user_name(ctx.session, row.prepared_by)
    kept = of_withheld(ctx, row.id)
    if kept is None:
        kept = WithheldPublication(id=new_id(), district_id=ctx.district_id, publication_id=row.id, reviews=0)
    else:
        kept.reviews += 1
    kept.department, kept.ground, kept.article = row.department, ground["code"], ground["article"]
    kept.note, kept.review_on = str(values.get("ground_note") or ""), review_on
    kept.decided_by, kept.approved_by = proposed_by, ctx.actor.name
    kept.decided_at, kept.ended_at = ctx.now, None
    ctx.session.add(kept)
    ctx.session.flush()
    record_stage(ctx, row, "withheld", note=row.legal_ground)
    if ctx.process_key != REVIEW_PROCESS:
        ctx.start_process(
            REVIEW_PROCESS, f"{row.subject}/不予公开",
            {"publication": row.id, "kind": row.kind, "subject": row.subject, "review_on": review_on.isoformat()},
            title=f"{publication.KINDS.get(row.kind, '公示')}不予公开的复查", department=row.department,
        )  # fmt: skip


def of_withheld(ctx: ServiceContext, publication_id: str) -> WithheldPublication | None:
    """The decision not to publish, or None."""
    return ctx.session.scalar(
        sa.select(WithheldPublication).where(
            WithheldPublication.district_id == ctx.district_id, WithheldPublication.publication_id == publication_id
        )
    )


def correction(ctx: ServiceContext) -> tuple[PublicationCorrection, Publication]:
    """The application this process is about, and the publication it concerns."""
    row = ctx.session.scalar(
        sa.select(PublicationCorrection).where(
            PublicationCorrection.district_id == ctx.district_id, PublicationCorrection.number == ctx.business_key
        )
    )
    if row is None:
        raise ServiceTaskFailed(f"更正申请 {ctx.business_key} 不存在。")
    return row, by_id(ctx, row.publication_id)


def by_id(ctx: ServiceContext, publication_id: str) -> Publication:
    """A publication of this district, under its row lock.  Raises :class:`ServiceTaskFailed`."""
    row = ctx.session.scalar(
        sa.select(Publication)
        .where(Publication.id == publication_id, Publication.district_id == ctx.district_id)
        .with_for_update()
    )
    if row is None:
        raise ServiceTaskFailed("公示记录不存在，可能已被删除。")
    return row
