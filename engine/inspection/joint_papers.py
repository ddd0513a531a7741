"""The merged checklist and the joint summary on paper: documents to be taken along, signed and filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.documents.model import Block, Document, Facts, Listing, Signature, Signatures, Text
from engine.inspection import campaign_summary
from engine.inspection.checklists import Checklist
from engine.inspection.joint_models import CampaignSummary
from engine.inspection.models import Campaign

TICKS = "□ 符合\n□ 不符合\n□ 不涉及"
#: A value left open to be filled by hand.
OPEN = "　"


def checklist_paper(campaign: Campaign, checklists: Sequence[Checklist], names: Mapping[str, str]) -> Document:
    """One table per object type, with blanks to fill; each organ ticks its own lines."""
    blocks: list[Block] = [
        Facts(
            [
                ("抽查任务", f"{campaign.name}（{campaign.number}）"),
                ("联查形式", str(campaign.plan.get("form") or "")),
                ("检查对象", OPEN),
                ("检查时间和地点", OPEN),
            ]
        )
    ]
    for each in checklists:
        rows = [
            [
                str(line.number), line.content,
                "；".join(dict.fromkeys(need.legal_basis for need in line.needs if need.legal_basis)),
                "、".join(dict.fromkeys(need.method for need in line.needs)),
                "、".join(names.get(code, code) for code in line.departments), TICKS,
            ]
            for line in each.lines
        ]  # fmt: skip
        head = ["序号", "检查要点", "依据", "方式", "部门", "检查情况"]
        blocks.append(Listing(head, rows, [0.9, 4, 3, 1.4, 1.8, 1.7], title=f"检查表（{each.title}）"))
    blocks += [
        Text(
            ["同一要点只查一次，由所列部门各自记录、各自作出结论；一个部门的记录不代替其他部门的结论。"], indent=False
        ),
        Signatures([Signature(label) for label in ("检查人员", "检查人员", "被检查单位")]),
    ]
    return Document(
        title="联合检查表", organ=names.get(campaign.lead, campaign.lead), number=f"编号：{campaign.number}",
        blocks=blocks, footer=f"联合检查表 {campaign.number}",
    )  # fmt: skip


def summary_paper(campaign: Campaign, row: CampaignSummary, names: Mapping[str, str], compiled_on: str) -> Document:
    """抽查情况汇总表 as submitted: figures, the lead's words, places to sign, and each object in the annex."""
    figures, totals = row.figures, row.figures["totals"]
    departments = [str(each["name"]) for each in figures["departments"]]
    removed = f"（依法移出 {totals['removed']} 户）" if totals["removed"] else ""
    results = f"{totals['parts']} 项，已公示 {totals['published']} 项，依法不予公开 {totals['withheld']} 项"
    blocks: list[Block] = [
        Facts(
            [
                ("抽查任务", f"{campaign.name}（{campaign.number}）"),
                ("联查形式", str(campaign.plan.get("form") or "")),
                ("牵头部门", names.get(campaign.lead, campaign.lead)),
                ("参与部门", "、".join(names.get(code, code) for code in campaign.participants)),
                ("检查时间", f"{campaign.plan.get('start_date')} 至 {campaign.plan.get('end_date')}"),
                ("抽取编号", campaign.draw_id),
                ("检查对象", f"{totals['objects']} 户{removed}"),
                ("检查结果", results),
                ("发现问题", f"{totals['with_problem']} 户"),
            ]
        ),
        Listing(
            [label for _, label in campaign_summary.DEPARTMENT_COLUMNS],
            [[str(each[key]) for key, _ in campaign_summary.DEPARTMENT_COLUMNS] for each in figures["departments"]],
            [2.4, *[1] * (len(campaign_summary.DEPARTMENT_COLUMNS) - 1)], title="一、各部门检查情况",
        ),
        _counted("二、检查结果类别（部门户次）", "结果类别", departments, figures["categories"]),
        _counted("三、处置情况（部门户次）", "处置", departments, figures["handling"]),
    ]  # fmt: skip
    for number, (key, title) in zip("四五六七", campaign_summary.WORDS, strict=True):
        blocks.append(Text([row.words.get(key) or "无"], title=f"{number}、{title}"))
    signed = (("编制人", row.compiled_by_name), ("机关负责人", row.approved_by_name))
    blocks.append(Signatures([Signature(label, name=name) for label, name in signed]))
    annex = [
        [str(n), each["name"], each["uscc"], one["department"], one["result"], one["handling"], one["published_on"]]
        for n, each in enumerate(figures["objects"], start=1)
        for one in each["results"]
    ]
    blocks.append(
        Listing(
            ["序号", "检查对象", "统一社会信用代码", "部门", "检查结果", "处置", "公示日期"], annex,
            [0.9, 2.8, 2.8, 1.9, 2.2, 1.6, 2], title="附件：逐户检查结果",
        )
    )  # fmt: skip
    draft = row.state != campaign_summary.APPROVED
    return Document(
        title="抽查情况汇总表", organ=names.get(campaign.lead, campaign.lead), number=row.document_number,
        blocks=blocks, mark="未经审批" if draft else "", footer=f"抽查情况汇总表 {campaign.number}　{compiled_on} 编制",
    )  # fmt: skip


def _counted(title: str, head: str, departments: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Listing:
    return Listing(
        [head, *departments, "合计"],
        [[str(each["name"]), *map(str, each["counts"]), str(each["total"])] for each in rows],
        [3, *[1.2] * len(departments), 1], title=title,
    )  # fmt: skip
