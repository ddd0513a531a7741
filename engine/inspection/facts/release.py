"""Facts before something becomes public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection import publication, records
from engine.inspection.facts.desk import Desk, Provider, rows


def _preview(desk: Desk) -> dict[str, Any]:
    if desk.task.process_key == "administrative-penalty":
        row = records.follow_up(desk.session, desk.district_id, desk.task.business_key)
        shown = publication.penalty_preview(desk.session, row)
    else:
        shown = publication.result_preview(desk.session, desk.settings, desk.part, today=desk.today)
    sole = desk.inspection.object.get("kind") == publication.SOLE_TRADER
    return {
        "facts": [_content_block("将要公示的内容", shown.content), rows("已隐去", ("内容", "；".join(shown.redacted)))],
        "redact_name": publication.HIDE_NAME if sole else None,
    }


def _signoff(desk: Desk) -> dict[str, Any]:
    if desk.task.process_key == "administrative-penalty":
        decision = desk.data.get("publication_preview") or {}
        row = records.follow_up(desk.session, desk.district_id, desk.task.business_key)
        shown = publication.penalty_preview(
            desk.session, row, hide_name=decision.get("redact_name") == publication.HIDE_NAME
        )
        content, ground = shown.content, decision.get("legal_ground") or ""
    else:
        kept = records.publication(desk.session, desk.district_id, "result", desk.part.number)
        content, ground = (kept.content, kept.legal_ground) if kept else ({}, "")
    facts = [_content_block("将要公示的内容", content)]
    if ground:
        facts.insert(0, rows("不予公开", ("法律依据", ground)))
    return {"facts": facts}


def _content_block(title: str, content: Mapping[str, Any]) -> dict[str, Any]:
    pairs = []
    for label, value in content.items():
        if isinstance(value, list):
            value = "；".join("：".join(map(str, v.values())) if isinstance(v, Mapping) else str(v) for v in value)
        pairs.append((label, value))
    return rows(title, *pairs)


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "publication-preview": _preview,
    "second-signoff": _signoff,
}
