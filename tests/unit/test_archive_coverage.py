"""Every table is in the case file, or it is said here why it is not: no table of a case is forgotten."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

import engine.inspection.metadata
import engine.models
from engine.db import Base, Database
from engine.inspection.archives.registers import listings

assert engine.models and engine.inspection.metadata  # every table is known

#: Tables whose rows stand in the volume or the package otherwise than as a register (archives/content.py, package.py).
ELSEWHERE = {
    "user_task": "每一步填写的内容和办理人（内容各篇）",
    "history_event": "办理经过；档案包内的办理记录",
    "history_root": "档案包内的存在性证明",
    "attachment": "证据和附件清单；原件在档案包内",
    "official_document": "出具的公文",
    "official_document_version": "公文的每一版，原件在档案包内",
    "inspection": "检查对象基本情况",
    "process_instance": "封面和办理经过",
    "draw": "抽取笔录和公开文件",
    "draw_log_entry": "抽取的公开日志",
    "drawn_object": "抽取笔录：抽中的对象",
    "draw_witness": "抽取笔录：抽取监督人",
    "campaign": "封面；方案、审批的各步",
    "department_inspection": "检查记录、结论、审核各步",
    "follow_up": "各步填写的内容；一并装入的事项",
    "case_file": "案卷本身",
    "case_file_block": "案卷本身",
}
#: What belongs to no case file, and why.
EXCEPTIONS = {
    **dict.fromkeys(("department", "user_account", "user_role", "user_session", "unit", "enforcement_team"),
                    "机构和账号，不属于某一件工作"),
    **dict.fromkeys(("process_definition", "start_trigger", "timer", "subscription", "message", "incident",
                     "task_candidate", "task_draft", "instance_department", "number_series", "worker_lease",
                     "staged_file", "saved_filter"), "系统运行的状态，办理的事实在办理记录里"),
    **dict.fromkeys(("calendar_day", "calendar_year"), "工作日历，以公布的通知为准"),
    **dict.fromkeys(("deadline", "deadline_change", "deadline_reminder"),
                    "期限的变更逐条写在办理记录里，随案卷保存"),
    **dict.fromkeys(("inspected_object", "inspector", "inspector_leave", "recusal", "registry_change",
                     "registry_import", "change_request", "permit_handover", "object_duplicate", "object_left",
                     "object_posting", "object_segment", "special_area"),
                    "名录库另有变更记录；抽取和检查时的内容已经随案卷留存"),
    **dict.fromkeys(("item", "item_adjustment", "item_checkpoint", "item_list", "item_list_entry"),
                    "事项清单，按版本保存和公布；事项调整卷收各步内容"),
    **dict.fromkeys(("plan", "plan_version", "plan_campaign", "plan_merge"), "计划卷收各步内容和公布的版本"),
    **dict.fromkeys(("conference_assignment", "conference_matter", "conference_tenure"),
                    "联席会议卷收各步内容和纪要；任职另行登记"),
    **dict.fromkeys(("draw_basis", "draw_key_share"), "封存的抽取文件里；密钥份额不得进入案卷"),
    **dict.fromkeys(("visit_merge", "outside_visit"), "合并进门和双随机以外的检查，频次核对用；决定写在办理记录里"),
    **dict.fromkeys(("lead_reporter", "lead_file"), "投诉举报人和来信单独保密保管（ADR 0040），不入卷"),
    **dict.fromkeys(("publicity_record", "publicity_file"), "宣传培训记录，不属于某一件工作"),
    "special_inspection": "专项检查卷收各步内容和公文",
    "result_report": "报送文件作为附件入卷",
    **dict.fromkeys(("held_item_change", "payment_request", "payment_term", "surcharge_pause"),
                    "在管物品、缴款的过程由各步内容和文书写明；现状和各笔款项在专门登记里"),
}  # fmt: skip


def registered() -> set[str]:
    """Tables the registers really ask, seen in their statements."""
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    seen: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.update(re.findall(r"(?:FROM|JOIN) (\w+)", statement))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        assert list(listings(session, "370105", ["A", "A/B"])) == []
    database.dispose()
    return seen


def test_every_table_is_archived_or_said_why_not() -> None:
    tables, inside = set(Base.metadata.tables), registered()
    told = inside | set(ELSEWHERE) | set(EXCEPTIONS)
    assert tables - told == set(), "in no case file: add a register, or say here why not"
    assert set(ELSEWHERE) | set(EXCEPTIONS) <= tables, "said of tables that are gone"
    assert inside & set(EXCEPTIONS) == set(), "excepted, and in a register all the same"
    assert all(re.search(r"[\u4e00-\u9fff]", reason) for reason in [*ELSEWHERE.values(), *EXCEPTIONS.values()])
