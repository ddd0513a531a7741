"""The columns of every file that can be imported: official header, accepted aliases, field and parser.

The headers of the three registries are those of the provincial ones (domain.md §4).  An alias is the same column
under the name another platform or an older template gives it.  Columns not listed are ignored
and named in the report; ID numbers (身份证号) are never read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.inspection.registry_import import values as v


@dataclass(frozen=True, slots=True)
class Column:
    """One column.  ``required`` cells may not be blank; ``default`` fills blanks of a new row."""

    header: str
    field: str
    parse: v.Parser
    required: bool = False
    aliases: tuple[str, ...] = ()
    default: Callable[[], Any] = str
    remedy: str = ""


def _none() -> None:
    return None


OBJECTS = (
    Column(
        "统一社会信用代码", "uscc", v.credit_code, True, ("社会信用代码", "统一信用代码", "信用代码", "统一代码"),
        remedy="请按营业执照补填18位统一社会信用代码。",
    ),
    Column(
        "检查对象名称", "name", v.text(200), True,
        ("企业名称", "市场主体名称", "经营主体名称", "主体名称", "单位名称", "对象名称", "名称"),
        remedy="请按营业执照补填名称。",
    ),
    Column("检查对象类型", "kind", v.text(40), aliases=("主体类型", "市场主体类型", "经营主体类型", "类型")),
    Column("成立日期", "established_on", v.day, aliases=("注册日期", "设立日期", "登记日期"), default=_none),
    Column("登记机关", "registrar", v.text(100), aliases=("注册机关", "发照机关")),
    Column("登记状态", "status", v.text(40), aliases=("经营状态", "企业状态", "状态"), default=lambda: "存续"),
    Column(
        "法定代表人", "legal_representative", v.text(64),
        aliases=("法定代表人(负责人)", "法定代表人/负责人", "负责人", "经营者", "法人"),
    ),
    Column("住所(经营场所)", "address", v.text(300), aliases=("住所", "经营场所", "地址", "注册地址", "住所地址")),
    Column("经营范围", "business_scope", v.text(10_000), aliases=("业务范围",)),
    Column("监管责任单位", "responsible_unit", v.text(100), aliases=("责任单位", "监管单位", "管辖单位")),
    Column("主管监管部门", "supervisor", v.text(100), aliases=("监管部门", "行业主管部门")),
    Column("行业代码", "industry", v.industry, aliases=("国民经济行业代码", "行业门类代码", "所属行业代码")),
    Column("行政区划代码", "region", v.region, aliases=("区划代码", "所属区划代码", "街道代码", "行政区划")),
    Column("专项名录", "special_registries", v.names, aliases=("特殊名录", "专业名录"), default=list),
    Column("标签", "tags", v.names, aliases=("对象标签", "监管标签"), default=list),
    Column("许可信息", "permits", v.permits, aliases=("许可证", "行政许可"), default=list),
    Column("信用风险等级", "risk_grade", v.grade, aliases=("风险等级", "信用风险分类", "信用等级")),
    Column("风险评定标准", "risk_scheme", v.text(40), aliases=("风险分类标准", "评定标准", "风险分级方案")),
    Column("风险评定日期", "risk_grade_on", v.day, aliases=("风险等级评定日期", "信用风险评定日期"), default=_none),
    Column("联系人", "contact", v.text(64), aliases=("联络员",)),
    Column("联系电话", "phone", v.text(32), aliases=("电话", "联系方式")),
    Column("经度", "longitude", v.degrees(73, 136, "经度"), default=_none),
    Column("纬度", "latitude", v.degrees(3, 54, "纬度"), default=_none),
    Column("最近检查日期", "last_inspected_on", v.day, aliases=("最近一次检查日期", "上次检查日期"), default=_none),
    Column("是否列入经营异常", "on_abnormal_list", v.flag, aliases=("经营异常", "是否经营异常"), default=bool),
)  # fmt: skip

INSPECTORS = (
    Column(
        "人员编号", "code", v.public_code(32), True, ("执法人员编号", "检查人员编号", "编号"),
        remedy="请补填单位编制的人员编号（不得使用身份证号）。",
    ),
    Column("姓名", "name", v.text(64), True, ("人员姓名",), remedy="请补填姓名。"),
    Column(
        "所属部门", "department", v.text(100), True, ("部门", "执法部门", "所属单位", "单位"),
        remedy="请补填部门代码或部门全称。",
    ),
    Column("科室", "section", v.text(100), aliases=("所属科室", "内设机构", "所属科所")),
    Column("职务", "post", v.text(64), aliases=("职务职级", "岗位")),
    Column("职称", "title", v.text(64)),
    Column("学历", "education", v.text(32), aliases=("文化程度",)),
    Column("负责片区", "regions", v.regions, aliases=("片区", "执法区域", "负责区域"), default=list),
    Column("执法证号", "certificate_number", v.text(40), aliases=("行政执法证号", "执法证件号", "证件编号")),
    Column("发证机关", "certificate_issuer", v.text(100), aliases=("执法证发证机关",)),
    Column("证件有效期至", "certificate_until", v.day, aliases=("执法证有效期至", "有效期至"), default=_none),
    Column("执法资质", "qualifications", v.names, aliases=("资质", "专业类别"), default=list),
    Column("资质有效期", "qualification_until", v.validities, aliases=("资质有效期至",), default=dict),
    Column("业务专长", "specialities", v.names, aliases=("专长", "专业特长"), default=list),
    Column("综合执法队伍", "team", v.public_code(32), aliases=("执法队伍", "所属执法队伍")),
    Column("对应抽查事项", "items", v.names, aliases=("抽查事项编码", "对应事项", "可检查事项"), default=list),
    Column("是否专家", "expert", v.flag, aliases=("专家",), default=bool),
    Column("是否参与抽取", "drawable", v.flag, aliases=("参与抽取", "可抽取"), default=lambda: True),
    Column("人员状态", "status", v.text(20), aliases=("在岗状态", "状态"), default=lambda: "在岗"),
    Column("联系电话", "phone", v.text(32), aliases=("电话", "手机", "联系方式")),
)  # fmt: skip

ITEMS = (
    Column(
        "事项编码", "code", v.public_code(32), True, ("抽查事项编码", "事项代码", "编码"), remedy="请补填事项编码。"
    ),
    Column(
        "责任部门", "department", v.text(100), True, ("检查部门", "检查主体", "抽查部门", "部门"),
        remedy="请补填部门代码或部门全称。",
    ),
    Column("抽查类别", "category", v.text(100), True, ("抽查领域", "事项类别", "类别"), remedy="请补填抽查类别。"),
    Column("抽查事项", "name", v.text(200), True, ("抽查事项名称", "事项名称", "检查事项"), remedy="请补填事项名称。"),
    Column("事项性质", "is_key", v.key_item, aliases=("事项类型", "重点/一般", "检查类别"), default=bool),
    Column(
        "检查依据", "legal_basis", v.text(10_000), True, ("抽查依据", "法律依据", "设定依据"),
        remedy="请补填法律、法规、规章的名称和条款（没有依据的事项不得抽查）。",
    ),
    Column("检查对象", "object_kind", v.text(200), aliases=("抽查对象", "检查对象范围")),
    Column("检查内容", "content", v.text(10_000), aliases=("抽查内容",)),
    Column("检查方式", "method", v.text(100), aliases=("抽查方式", "检查方法"), default=lambda: "实地核查"),
    Column("检查流程", "procedure", v.text(10_000), aliases=("检查程序", "抽查流程")),
    Column("审批权限", "approval_authority", v.text(100)),
    Column("公示程序", "publication_procedure", v.text(10_000)),
    Column("归档方式", "archiving", v.text(10_000), aliases=("归档要求",)),
    Column("抽查比例", "ratio_ppm", v.percent, aliases=("抽查比例(%)", "比例"), default=lambda: 30_000),
    Column("抽查频次", "frequency", v.text(100), aliases=("频次", "抽查周期")),
    Column("适用行业", "industries", v.industries, aliases=("行业范围", "适用行业代码"), default=list),
    Column("人员要求", "staff", v.text(200), aliases=("检查人员要求",)),
    Column("责任科室", "section", v.text(100), aliases=("承办科室", "责任处室")),
    Column("省级事项编码", "provincial_code", v.public_code(32), aliases=("省级清单编码",)),
    Column("施行日期", "valid_from", v.day, aliases=("生效日期", "有效期自"), default=_none),
    Column("有效期至", "valid_until", v.day, aliases=("失效日期", "废止日期"), default=_none),
    Column("清单版本", "list_version", v.text(40), aliases=("版本",)),
    Column("备案号", "filing_number", v.text(60), aliases=("备案编号",)),
    Column("是否公布", "published", v.flag, aliases=("是否公开",), default=lambda: True),
)  # fmt: skip

#: What only the district knows of an item; the province's list has no such columns.
_DISTRICT_ONLY = frozenset(
    {"section", "provincial_code", "valid_from", "valid_until", "list_version", "filing_number", "published"}
)
PROVINCIAL_ITEMS = tuple(column for column in ITEMS if column.field not in _DISTRICT_ONLY)

OUTSIDE_VISITS = (
    Column(
        "统一社会信用代码", "uscc", v.credit_code, True, ("社会信用代码", "信用代码"),
        remedy="请补填18位统一社会信用代码。",
    ),
    Column("检查对象名称", "object_name", v.text(200), aliases=("企业名称", "对象名称", "名称")),
    Column(
        "检查机关", "organ", v.text(100), True, ("检查部门", "检查单位", "实施部门", "部门"),
        remedy="请补填部门代码或机关全称。",
    ),
    Column("检查类型", "kind", v.text(20), True, ("检查类别", "检查性质"), remedy="请补填检查类型，例如 日常检查。"),
    Column("检查日期", "visited_on", v.day, True, ("实施日期", "日期"), remedy="请补填检查日期，例如 2026-03-02。"),
    Column("检查事项编码", "items", v.names, aliases=("抽查事项编码", "事项编码"), default=list),
    Column("检查事由", "reason", v.text(500), aliases=("事由", "检查原因")),
    Column("检查依据", "basis", v.text(500), aliases=("依据",)),
    Column(
        "是否上级部署", "ordered_from_above", v.flag, aliases=("上级部署", "上级部署专项"), default=bool
    ),
    Column("部署文号", "order_document", v.text(100), aliases=("上级文号", "文号")),
    Column("检查结果", "result", v.text(200), aliases=("结果",)),
    Column("批准人", "approved_by", v.text(100), aliases=("审批人",)),
    Column("批准日期", "approved_on", v.day, aliases=("审批日期",), default=_none),
    Column("事后批准理由", "urgent_reason", v.text(300), aliases=("紧急情况说明", "紧急理由")),
)  # fmt: skip

LEADS = (
    Column(
        "登记编号", "platform_number", v.text(60), True, ("平台登记编号", "举报编号", "投诉编号", "编号"),
        remedy="请补填平台的登记编号。",
    ),
    Column(
        "收到日期", "received_on", v.day, True, ("登记日期", "接收日期", "登记时间", "接收时间"),
        remedy="请补填收到日期，例如 2026-03-02。",
    ),
    Column("线索来源", "source", v.text(20), aliases=("来源",)),
    Column("事由", "title", v.text(100), True, ("标题", "问题类别", "主要问题"), remedy="请用一句话补填事由。"),
    Column(
        "反映的内容", "content", v.text(5000), True, ("内容", "举报内容", "投诉内容", "诉求内容"),
        remedy="请补填反映的内容。",
    ),
    Column("被反映的主体", "subject_name", v.text(200), aliases=("被举报主体", "被投诉主体", "主体名称", "企业名称")),
    Column("统一社会信用代码", "uscc", v.text(30), aliases=("社会信用代码", "信用代码")),
    Column("地址", "subject_address", v.text(300), aliases=("被举报主体地址", "经营地址", "住所")),
    Column("投诉举报人", "reporter_name", v.text(100), aliases=("举报人", "投诉人", "姓名")),
    Column("联系方式", "reporter_contact", v.text(200), aliases=("联系电话", "举报人电话", "电话")),
    Column("承办部门", "department", v.text(100), aliases=("办理部门", "处理单位", "部门")),
)  # fmt: skip

DEPARTMENTS = (
    Column(
        "编码", "code", v.department_code, True, ("部门编码", "部门代码", "代码"), remedy="请补填部门编码，例如 SCJG。"
    ),
    Column(
        "名称", "name", v.text(100), True, ("部门名称", "部门全称", "单位名称"), remedy="请补填部门全称。"
    ),
    Column("类型", "kind", v.department_kind, aliases=("部门类型", "类别"), default=lambda: "organ"),
    Column("上级", "parent_code", v.text(100), aliases=("上级部门", "上级编码"), default=_none),
    Column("排序", "position", v.position, aliases=("序号", "顺序"), default=_none),
)  # fmt: skip

ACCOUNTS = (
    Column("登录名", "login", v.login, True, ("账号", "用户名"), remedy="请补填登录名，例如姓名拼音。"),
    Column("姓名", "name", v.text(64), True, ("人员姓名",), remedy="请补填姓名。"),
    Column(
        "部门编码", "department", v.text(100), True, ("部门", "部门代码", "所属部门", "所属单位", "单位"),
        remedy="请补填部门编码或部门全称。",
    ),
    Column("职务", "post", v.text(100), aliases=("岗位", "职务职级")),
    Column("角色", "roles", v.names, True, ("系统角色",), remedy="请补填角色，几个角色用“、”分隔。"),
    Column(
        "检查人员编号", "inspector", v.public_code(32), aliases=("执法人员编号", "人员编号"), default=_none
    ),
)  # fmt: skip

#: Permits handed over to who supervises (engine/inspection/permit_file.py); told apart by their number.
PERMITS = (
    Column("许可编号", "number", v.text(100), True, ("许可证编号", "证书编号"), remedy="请补填许可编号。"),
    Column(
        "统一社会信用代码", "uscc", v.credit_code, True, ("社会信用代码", "统一信用代码", "信用代码"),
        remedy="请补填18位统一社会信用代码。",
    ),
    Column(
        "检查对象名称", "object", v.text(200), True, ("企业名称", "主体名称", "单位名称", "名称"),
        remedy="请补填名称。",
    ),
    Column("许可名称", "name", v.text(60), True, ("许可证名称", "许可事项"), remedy="请补填许可名称。"),
    Column("发证日期", "issued", v.day, True, ("许可日期", "批准日期"), remedy="请补填发证日期。"),
    Column("有效期至", "expires", v.until, aliases=("有效期", "到期日"), default=_none),
    Column("发证机关", "issuer", v.text(100), aliases=("许可机关",)),
    Column(
        "接收部门", "supervisor", v.text(100), True, ("监管部门", "主管监管部门"), remedy="请补填部门编码或部门全称。"
    ),
)  # fmt: skip

COLUMNS: dict[str, tuple[Column, ...]] = {
    "objects": OBJECTS,
    "inspectors": INSPECTORS,
    "items": ITEMS,
    "provincial-items": PROVINCIAL_ITEMS,
    "outside-visits": OUTSIDE_VISITS,
    "leads": LEADS,
    "departments": DEPARTMENTS,
    "accounts": ACCOUNTS,
    "permits": PERMITS,
}
KINDS: dict[str, str] = {
    "objects": "检查对象",
    "inspectors": "执法检查人员",
    "items": "抽查事项",
    "provincial-items": "省级抽查事项清单",
    "outside-visits": "双随机以外的检查",
    "leads": "投诉举报线索",
    "departments": "部门",
    "accounts": "账号",
    "permits": "许可移交",
}

_SAME = str.maketrans("（）／", "()/")


def normalise_header(text: str) -> str:
    """A header as it is compared: half-width brackets, no blanks, no star for required columns."""
    return "".join(text.translate(_SAME).split()).strip("*\ufeff\"'").lower()


def header_fields(kind: str) -> dict[str, Column]:
    """Every accepted spelling of a header of ``kind`` → its column."""
    found: dict[str, Column] = {}
    for column in COLUMNS[kind]:
        for name in (column.header, column.field, *column.aliases):
            found.setdefault(normalise_header(name), column)
    return found
