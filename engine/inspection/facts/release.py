"""Facts before something becomes public, is corrected or withdrawn, or is looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.inspection import corrections, publication, publication_desk, publication_sources, records, tables
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.models import Publication
from engine.inspection.publication import Choices, Preview
from engine.inspection.publication_models import PublicationCorrection
from engine.models import Deadline, TaskDraft


def _about(desk: Desk) -> tuple[str, str, publication.Source]:
    """Kind, subject and source of the publication the task is about."""
    if row := _published(desk):
        return row.kind, row.subject, publication_sources.of_publication(desk.session, desk.settings, row, desk.today)
    key = desk.task.business_key
    found = publication_sources.of_case(desk.session, desk.settings, desk.task.process_key, key, desk.today)
    return found.kind, key, found.source


def _published(desk: Desk) -> Publication | None:
    """The publication a process of its own looks at again (withheld ones)."""
    return desk.session.get(Publication, str(desk.data["publication"])) if desk.data.get("publication") else None


def _preview(desk: Desk) -> dict[str, Any]:
    _, _, source = _about(desk)
    sole = source.subject_kind == publication.SOLE_TRADER and source.representative in str(source.values["name"])
    hide = publication.HIDE_NAME if sole and source.representative else None
    chosen = _chosen(desk, hide)
    shown = publication.prepare(desk.settings, source, Choices.of(chosen), desk.today)
    before = {row.get("found"): row for row in chosen.get("hits") or []}
    return {
        "facts": [_content_block("将要公示的内容", shown.content), rows("已隐去", ("内容", "；".join(shown.redacted)))],
        "publication": {**_sides(shown), **_countdown(desk)},
        "redact_name": hide,
        "hits": [
            {**hit, "choice": "隐去"}
            | {k: v for k, v in before.get(hit["found"], {}).items() if k in ("choice", "why")}
            for hit in shown.open_hits
        ],
        "withhold_grounds": _grounds(desk),
    }  # fmt: skip


def _chosen(desk: Desk, hide: str | None) -> dict[str, Any]:
    """What the officer has chosen so far: the newest draft, else the earlier submission, else the defaults."""
    draft = desk.session.scalars(
        sa.select(TaskDraft).where(TaskDraft.task_id == desk.task.id).order_by(TaskDraft.saved_at.desc()).limit(1)
    ).first()
    if draft is not None:
        return dict(draft.values)
    return dict(desk.data.get(desk.task.element_id) or {"redact_name": hide})


def _grounds(desk: Desk) -> list[dict[str, str]]:
    return [
        {"value": row["code"], "label": f"{row['name']}（{row['article'].split('：')[0]}）"}
        for row in tables.rows(desk.settings, "withhold-ground", desk.today)
    ]


def _sides(shown: Preview) -> dict[str, Any]:
    return {"lines": shown.lines, "content": shown.content, "hits": shown.open_hits, "unused": shown.unused_masks}


def _countdown(desk: Desk) -> dict[str, Any]:
    """The statutory day, the working days left or past, and the law it follows from."""
    due: Deadline | None = desk.session.scalar(
        sa.select(Deadline).where(
            Deadline.district_id == desk.district_id, Deadline.business_key == desk.task.business_key,
            Deadline.name.in_(("publication", "penalty-publication")),
        )
    )  # fmt: skip
    moment: datetime | None = due.due_at if due is not None else desk.task.due_at
    basis = due.legal_basis if due is not None else desk.task.legal_basis
    return {
        "due_at": moment, "basis": basis, "provisional": bool(due is not None and due.provisional),
        "left": publication_desk.left_in_words(desk.session, desk.settings, moment, desk.today),
    }  # fmt: skip


def _signoff(desk: Desk) -> dict[str, Any]:
    kind, subject, _ = _about(desk)
    kept = records.publication(desk.session, desk.district_id, kind, subject)
    if kept is None:  # an instance that was previewed before previews were kept
        return _preview(desk)
    every = publication.versions(desk.session, kept.id)
    last = next((v for v in reversed(every) if v.stage == "preview"), None)
    first = publication.first_preview(every)
    withholding = kept.state == "withholding" or (desk.data.get("review") or {}).get("decision") == "不予公开"
    ground = (last.note if last is not None else "") or kept.legal_ground if withholding else ""
    review_on = (desk.data.get("publication_preview") or desk.data.get("review") or {}).get("review_on", "")
    facts = [_content_block("不公开的内容" if withholding else "将要公示的内容", kept.content)]
    if withholding:
        facts.insert(0, rows("不予公开", ("法律依据", ground), ("复查日期", review_on)))
    detail = dict(last.detail) if last is not None else {}
    changed = publication.differences(first.content, kept.content) if first is not None else []
    return {
        "facts": facts,
        "publication": {
            "lines": detail.get("lines") or [], "content": kept.content, "hits": [],
            "decided": [h for h in detail.get("hits") or [] if h.get("choice") == "保留"],
            "masks": detail.get("masks") or [], "changes": changed, "again": first is not None,
            "withholding": withholding, "prepared_by": records.user_name(desk.session, kept.prepared_by),
            **_countdown(desk),
        },
    }  # fmt: skip


def _content_block(title: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return rows(title, *((label, publication.words_of(value)) for label, value in content.items()))


def withholding_facts(desk: Desk) -> dict[str, Any]:
    """What was withheld, on which ground, since when."""
    row = desk.session.get(Publication, str(desk.data["publication"]))
    kept = corrections.withheld_row(desk.session, row) if row is not None else None
    if row is None or kept is None:
        return {}
    early = desk.data.get("ground_ended") or {}
    return {
        "facts": [
            rows(
                "原来的决定", ("对象", row.title), ("依据", kept.article), ("理由", kept.note),
                ("提出", kept.decided_by), ("复核", kept.approved_by),
                ("决定日期", kept.decided_at.astimezone(desk.settings.timezone).date()),
                ("原定复查日期", kept.review_on), ("已复查", f"{kept.reviews} 次" if kept.reviews else ""),
                ("提前复查的原因", early.get("reason") if isinstance(early, Mapping) else ""),
            )
        ]
    }  # fmt: skip


def correction_facts(desk: Desk) -> dict[str, Any]:
    """The publication as it stands, and what is asked for."""
    row = desk.session.get(Publication, str(desk.data["publication"]))
    asked = desk.session.scalar(
        sa.select(PublicationCorrection).where(
            PublicationCorrection.district_id == desk.district_id,
            PublicationCorrection.number == desk.task.business_key,
        )
    )
    if row is None or asked is None:
        return {}
    content = publication.public_content(desk.settings, row, desk.today)
    facts = [_content_block("现在公示的内容", content)]
    if desk.task.element_id != "apply":
        cause = tables.label(desk.settings, "correction-cause", asked.cause, desk.today)
        facts.insert(0, rows(f"申请{asked.kind}", ("原因", cause), ("公开的说明", asked.reason),
                             ("内部说明", (desk.data.get("apply") or {}).get("internal_note")),
                             ("来自异议", asked.origin)))  # fmt: skip
        if asked.kind == corrections.CORRECT:
            changes = [[c["label"], c["old"], c["new"]] for c in asked.changes]
            facts.append(table("更正对照", ["栏目", "原来", "更正为"], changes))
    return {
        "facts": facts, "correction_kind": asked.kind, "correction_cause": asked.cause or None,
        "correction_told": asked.reason if asked.state == "申请" else "",
        "correction_causes": tables.options(desk.settings, "correction-cause", desk.today),
        "correction_changes": asked.changes if asked.state == "申请" else [],
        "correction_cells": corrections.cells(desk.settings, row, desk.today),
    }  # fmt: skip


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "publication-preview": _preview,
    "withholding-review": _preview,
    "second-signoff": _signoff,
}
PROCESSES: dict[str, Provider] = {
    "publication-correction": correction_facts,
    "withholding-review": withholding_facts,
}
