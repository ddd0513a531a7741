"""The demo district's units for dispatching, and checklists of some items; fictitious."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.demo.places import PLACES
from engine.inspection.joint_models import Checkpoint, Unit
from engine.inspection.models import Item

LICENCE, STAFF, SAFETY = "营业执照亮照经营", "从业人员健康证明", "消防通道和安全出口"
#: Item by name → lines of 要点|同类要点|对象类型.
_POINTS = {
    "营业执照（登记证）规范使用情况的检查": (
        f"是否将营业执照置于住所或者主要经营场所的醒目位置|{LICENCE}|",
        "是否伪造、涂改、出租、出借、转让营业执照||",
        "登记的经营者是否与实际经营者一致||个体工商户",
    ),
    "经营（驻在）期限、住所（经营场所）的检查": (
        "通过登记的住所（经营场所）能否取得联系||", "经营期限是否届满||企业、农民专业合作社",
    ),
    "餐饮服务监督检查": (
        f"是否悬挂营业执照和食品经营许可证|{LICENCE}|", f"接触直接入口食品的人员是否持有有效健康证明|{STAFF}|",
        "食品原料是否查验供货者许可证和合格证明||", "餐具、饮具是否清洗消毒||", "食品添加剂是否专人专柜、如实记录||",
    ),
    "住宿场所卫生管理情况的检查": (
        f"是否公示卫生许可证和营业执照|{LICENCE}|", f"直接为顾客服务的人员是否持有有效健康合格证明|{STAFF}|",
        "公共用品用具是否一客一换一消毒||", "是否设置独立的清洗消毒间||",
    ),
    "旅馆业治安管理的检查": (
        f"安全出口、疏散通道是否畅通|{SAFETY}|", "住宿登记是否如实、完整||", "是否安装并使用视频监控||",
    ),
    "应急预案备案和演练的检查": (
        f"消防通道、安全出口是否畅通，标志是否明显|{SAFETY}|", "生产安全事故应急预案是否编制、备案||",
        "是否按规定组织演练并留有记录||",
    ),
}  # fmt: skip


def load_units(session: Session, district_id: str, now: datetime) -> None:
    """The market regulator's 市场监管所, one a sub-district, and the checklists; what is there stays."""
    known = set(session.scalars(sa.select(Unit.code).where(Unit.district_id == district_id)))
    for number, place in enumerate(PLACES, start=1):
        code = f"SCJG-S{number:02d}"
        if code not in known:
            session.add(
                Unit(
                    id=new_id(), district_id=district_id, code=code, department="SCJG", kind="市场监管所",
                    name=f"{place.name.removesuffix('街道')}市场监督管理所", regions=[place.code], receivers=[],
                    created_at=now, updated_at=now,
                )
            )  # fmt: skip
    items = dict(
        session.execute(
            sa.select(Item.name, Item.code).where(Item.district_id == district_id, Item.name.in_(list(_POINTS)))
        )
        .tuples()
        .all()
    )
    written = set(session.scalars(sa.select(Checkpoint.item).where(Checkpoint.district_id == district_id)))
    for name, code in items.items():
        if code in written:
            continue
        for position, line in enumerate(_POINTS[name], start=1):
            content, subject, kinds = line.split("|")
            session.add(
                Checkpoint(
                    id=new_id(), district_id=district_id, item=code, position=position, content=content,
                    subject=subject, kinds=kinds.split("、") if kinds else [],
                )
            )  # fmt: skip
