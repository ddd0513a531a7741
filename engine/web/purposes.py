"""What a post without waiting tasks can do here: shown on an empty inbox, with the page to begin with."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from engine.inspection.roles import ROLES


class Purpose(NamedTuple):
    """What the role does in this system, and the page it begins with: endpoint and label."""

    text: str
    endpoint: str
    label: str


#: By role, as a department's lanes and accounts spell it; every role of :data:`ROLES` has one.
PURPOSES: dict[str, Purpose] = {
    "承办人": Purpose(
        "发起联合抽查、登记线索、办理处置和公示；在“抽查任务”点“新建抽查任务”开始。", "campaigns.index", "抽查任务"
    ),
    "科室负责人": Purpose(
        "审核工作方案、检查结果和公示，查看本部门正在进行的检查。", "inspections.index", "检查"
    ),
    "分管负责人": Purpose(
        "审核工作方案和重大事项，在看板上查看本部门的超期和临期事项。", "board.show", "督查看板"
    ),
    "机关负责人": Purpose(
        "批准方案、检查、立案和处罚，在看板上查看本部门的超期和临期事项。", "board.show", "督查看板"
    ),
    "执法检查人员": Purpose(
        "办理派给您的现场检查、调查和复查，查看本部门正在进行的检查。", "inspections.index", "检查"
    ),
    "抽取监督人": Purpose(
        "名单封存后登记、公开随机因子；抽取的公开记录人人可以核验。", "public.index", "公示与核验"
    ),
    "法制审核人员": Purpose(
        "在作出决定之前审核处罚案件，查看本部门正在进行的检查。", "inspections.index", "检查"
    ),
    "联席会议办公室": Purpose(
        "编制全区联合抽查计划，组织联席会议，督办落实。", "conference.index", "联席会议"
    ),
    "区政府": Purpose(
        "批准全区联合抽查计划和专项检查，查看已经公布的年度计划。", "plans.index", "年度计划"
    ),
    "监管督查": Purpose(
        "查看全区的超期和临期事项并催办，受理尽职免责认定。", "board.show", "督查看板"
    ),
    "流程设计": Purpose(
        "查看、检查和部署流程图、决策表和表单；没有需要您签办的任务。", "library.index", "流程库"
    ),
    "系统管理员": Purpose(
        "处理异常和报送，管理账号、工作日历和后台进程；没有需要您签办的任务。", "admin.incidents", "系统管理"
    ),
    "审计监督": Purpose(
        "核验办理记录，任务结束后领取完整抽取记录；没有需要您签办的任务。", "audit.draws", "抽取审计"
    ),
}  # fmt: skip


def purposes(held: Collection[str]) -> list[Purpose]:
    """The purposes of the roles a person holds, in the order of :data:`ROLES`."""
    return [PURPOSES[role] for role in ROLES if role in held and role in PURPOSES]
