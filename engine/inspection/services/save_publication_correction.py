"""Keep an application to correct or withdraw a publication."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import corrections, finding_corrections, publication, publication_release, redaction
from engine.inspection.lead_reporters import reporter_faults, reporters_behind
from engine.inspection.models import Publication
from engine.service_tasks import ServiceContext, service_task


@service_task("save-publication-correction", title="登记更正、撤回申请")
def save_publication_correction(ctx: ServiceContext) -> dict[str, Any]:
    """Check cause, places and new words; returns ``corrections`` for the next steps to look at.

    A result says what its organ found: where that was wrong the finding is corrected first, by the organ itself.
    """
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    row, published = publication_release.correction(ctx)
    if values["action"] == "撤销申请":
        return {"corrections": []}
    kind = values["kind"]
    corrections.cause_of(ctx.settings, values["cause"], kind, today)
    if hits := redaction.find(ctx.settings, values["reason"], today):
        raise InvalidInput(
            "公开说明有误。",
            fields={"reason": [f"说明会公开，其中的“{hits[0].text}”疑似{hits[0].kind}，请改写。"]},
        )
    words = reporters_behind(ctx.session, ctx.district_id, published.subject)
    if faults := reporter_faults(words, {"reason": values["reason"]}):
        raise InvalidInput("公开说明有误。", fields=faults)
    changes = []
    if kind == corrections.CORRECT:
        changes = corrections.changes_of(ctx.settings, published, values.get("changes") or [], today)
        if not changes:
            raise InvalidInput("没有更正的内容。", fields={"changes": ["请至少填写一处更正。"]})
        said = {f"changes[{number}].new": change["new"] for number, change in enumerate(changes)}
        if faults := reporter_faults(words, said):
            raise InvalidInput("更正的内容有误。", fields=faults)
        if published.kind == "result":
            _only_what_was_found(ctx, published, changes)
    row.kind, row.cause, row.reason, row.changes = kind, values["cause"], values["reason"], changes
    row.state, row.proposed_by = "审批中", ctx.actor.user_id
    return {"corrections": changes}


def _only_what_was_found(ctx: ServiceContext, row: Publication, changes: list[dict[str, str]]) -> None:
    today = ctx.calendar.local_date(ctx.now)
    after = corrections.corrected(publication.public_content(ctx.settings, row, today), changes)
    expected = finding_corrections.public_words(ctx.session, ctx.settings, row, today)
    touched = {change["path"].split(" / ")[0] for change in changes}
    wrong = [label for label in finding_corrections.contradicts(expected, after) if label in touched]
    if wrong:
        said = (
            f"“{'、'.join(wrong)}”更正以后与本机关的检查结论不一致。结论本身有误的，先在该部门检查的页面启动"
            "“检查结论更正”，审核同意后公示随之更正；只是公示有误的，按检查结论填写。"
        )
        raise InvalidInput("更正的内容与检查结论不一致。", fields={"changes": [said]})
