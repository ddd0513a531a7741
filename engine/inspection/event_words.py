"""What the events of a case's history are called where people read them: on its page and in its case file."""

from __future__ import annotations

#: Events that only repeat what another line says, or belong to the machine.
SILENT = frozenset(
    {
        "task-opened",
        "deadline-set",
        "message-received",
        "witness-logged",
        "witness-revealed",
        "inspection-approved",
        "deadline-met",
    }
)
#: An opinion that says no more than the decision before it.
EMPTY_OPINIONS = frozenset({"同意", "同意。", "退回", "退回。"})
#: What the start and the end of a process mean to people.
STARTED = {
    "annual-plan": "新建年度计划", "plan-adjustment": "调整年度计划",
    "joint-inspection": "新建抽查任务", "inspection": "派发检查",
    "late-addition": "提出补充名单", "inspector-substitution": "提出更换检查人员",
    "department-inspection": "派发部门检查", "rectification": "启动责令改正",
    "finding-notice": "启动抄告移送", "objection": "收到公示异议",
    "administrative-penalty": "启动行政处罚程序",
    "special-inspection": "提出专项检查", "conference-matter": "提出联席会议事项", "duty-review": "提出尽职免责认定",
    "case-lead": "登记线索", "unlicensed-business": "启动无证无照经营查处",
    "crime-transfer": "启动涉嫌犯罪移送", "evidence-preservation": "启动先行登记保存",
    "coercive-measure": "启动查封扣押", "sample-testing": "启动抽样检验",
    "finding-correction": "提出检查结论更正",
}  # fmt: skip
ENDED = {
    "annual-plan": "年度计划办结", "plan-adjustment": "计划调整办结",
    "joint-inspection": "抽查任务办结", "inspection": "检查办结",
    "late-addition": "补充名单办结", "inspector-substitution": "更换检查人员办结",
    "department-inspection": "部门检查办结", "rectification": "责令改正办结",
    "finding-notice": "抄告移送办结", "objection": "公示异议办结", "administrative-penalty": "行政处罚办结",
    "special-inspection": "专项检查办结", "conference-matter": "联席会议事项办结", "duty-review": "尽职免责认定办结",
    "case-lead": "线索办结", "unlicensed-business": "无证无照经营查处办结",
    "crime-transfer": "涉嫌犯罪移送办结", "evidence-preservation": "先行登记保存办结",
    "coercive-measure": "查封扣押办结", "sample-testing": "抽样检验办结",
    "finding-correction": "检查结论更正办结",
}  # fmt: skip
#: Processes that an official opens; every other one is started by what was decided before.
OPENED_BY_HAND = frozenset(
    {
        "annual-plan", "case-lead", "conference-matter", "duty-review",
        "inspector-substitution", "joint-inspection", "plan-adjustment", "special-inspection",
    }
)  # fmt: skip
WORDS = {
    "task-claimed": "签收任务",
    "task-released": "退回待签收",
    "task-reassigned": "转办任务",
    "task-reminded": "催办",
    "task-cancelled": "任务撤销",
    "attachment-added": "上传附件",
    "timer-fired": "期限届满",
    "deadline-taken-over": "期限接续计算",
    "deadline-suspended": "期限中止",
    "deadline-resumed": "期限恢复",
    "deadline-extended": "期限延长",
    "deadline-refused": "不予延期",
    "deadline-moved": "期限随放假安排重算",
    "deadline-reminded": "期限提醒",
    "signal-received": "收到信号",
    "incident-opened": "系统遇到异常，已通知系统管理员",
    "incident-resolved": "异常已处理",
    "recusal-requested": "当事人申请回避",
    "party-educated": "教育当事人",
    "inspector-replaced": "按规则递补检查人员",
    "handler-replaced": "更换办案人员",
    "visit-confirmed": "检查对象扫码确认检查人员到场",
    "campaign-archived": "抽查任务归档",
    "case-archived": "归档",
    "case-file-bound": "案卷装订成册",
    "plan-merge-decided": "处理合并建议",
    "draw-committed": "名单封存并登记摘要",
    "draw-done": "完成随机抽取",
    "draw-aborted": "抽取中止",
    "draw-imported": "导入省工作平台抽取结果",
    "draw-tried": "试抽",
    "draw-annulled": "作废抽取",
    "key-share-collected": "领取密钥份额",
    "draw-key-recovered": "恢复抽取密钥",
    "visit-days-set": "安排检查日期",
    "dispatch-received": "签收派发单",
    "dispatch-returned": "退回派发单",
    "dispatch-redirected": "改派派发单",
    "commission-recorded": "登记委托协助",
    "commission-ended": "解除委托协助",
    "special-inspection-filed": "专项检查备案",
    "conference-resolved": "印发会议决议",
    "duty-determined": "出具尽职免责认定",
    "province-receipt": "省工作平台回执",
    "paper-receipt": "登记纸质回执",
    "payment-request-dropped": "缴款申请不再审批",
    "publication-stage": "公示",
    "finding-corrected": "更正检查结论",
    "credit-listed": "列入名单",
    "credit-removed": "移出名单",
    "credit-repaired": "准予信用修复",
    "document-issued": "出具文书",
    "document-reissued": "出具文书新版本",
    "document-voided": "作废文号",
    "document-signed-copy": "登记纸质签署件",
    "held-item-changed": "在管物品变动",
    "measure-lapsed": "措施依法解除",
    "limit-missed": "期限届满未办",
    "court-application-missed": "逾期未申请法院强制执行",
    "lead-reporter-shown": "查看投诉举报人信息",
    "lead-file-added": "上传线索材料",
}
PROBLEMS = frozenset(
    {
        "incident-opened",
        "draw-aborted",
        "draw-annulled",
        "task-cancelled",
        "measure-lapsed",
        "limit-missed",
        "court-application-missed",
    }
)
#: Steps of a publication (:class:`engine.inspection.publication_models.PublicationVersion`) in words.
STAGE_WORDS = {
    "preview": "预览（还没有公开）", "published": "公示", "corrected": "更正", "withdrawn": "撤回",
    "withheld": "不予公开", "disclosed": "改为公示", "expired": "公示期届满", "ended": "提前停止公示",
}  # fmt: skip
