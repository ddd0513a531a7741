"""证据: every file and sample of a visit as a row with who, when, where and hash (R43, R59–R61)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.models import DepartmentInspection
from engine.inspection.visit_models import Evidence
from engine.models import Attachment, User
from engine.service_tasks import ServiceContext

#: Fields of the forms that hold files → kind of evidence.
KINDS = {"photos": "照片", "recordings": "音像", "documents": "书证", "evidence": "书证"}


def of_part(session: Session, part: DepartmentInspection) -> list[Evidence]:
    """All evidence of a department inspection, in the order it was taken."""
    return list(
        session.scalars(
            sa.select(Evidence)
            .where(Evidence.district_id == part.district_id, Evidence.department_inspection == part.number)
            .order_by(Evidence.taken_at, Evidence.id)
        )
    )


def keep(ctx: ServiceContext, part: DepartmentInspection, values: Mapping[str, Any], *, place: str, stage: str) -> None:
    """Keep what this form brought; what the same stage brought before is replaced, files themselves are never lost."""
    named = [(kind, "", str(file)) for field, kind in KINDS.items() for file in values.get(field) or []]
    named += [
        ("照片", str(row.get("item") or ""), str(file))
        for row in values.get("findings") or []
        for file in row.get("photos") or []
    ]
    rows = _files(ctx, part, named, place, stage)
    rows += [
        Evidence(
            id=new_id(), district_id=ctx.district_id, department_inspection=part.number, stage=stage, kind="样品",
            name=str(sample["name"]), detail={k: v for k, v in sample.items() if k != "name" and v},
            taken_by=ctx.actor.name, taken_at=ctx.now, place=place[:400], at=ctx.now,
        )
        for sample in values.get("samples") or []
    ]  # fmt: skip
    ctx.session.execute(
        sa.delete(Evidence).where(
            Evidence.district_id == ctx.district_id, Evidence.department_inspection == part.number,
            Evidence.stage == stage,
        )
    )  # fmt: skip
    ctx.session.add_all(rows)
    ctx.session.flush()


def _files(
    ctx: ServiceContext, part: DepartmentInspection, named: Sequence[tuple[str, str, str]], place: str, stage: str
) -> list[Evidence]:
    found = ctx.session.execute(
        sa.select(
            Attachment.id, Attachment.file_name, Attachment.sha256, Attachment.uploaded_at, Attachment.meta, User.name
        )
        .outerjoin(User, User.id == Attachment.uploaded_by)
        .where(Attachment.instance_id == ctx.instance_id, Attachment.id.in_([file for _, _, file in named]))
    )
    files = {row.id: row for row in found}
    return [
        Evidence(
            id=new_id(), district_id=ctx.district_id, department_inspection=part.number, stage=stage, kind=kind,
            item=item, name=files[file].file_name, attachment=file, sha256=files[file].sha256,
            taken_by=files[file].name or "系统", taken_at=_taken_at(files[file].meta, files[file].uploaded_at),
            place=(_where(files[file].meta) or place)[:400], at=ctx.now,
        )
        for kind, item, file in named
        if file in files
    ]  # fmt: skip


def _taken_at(meta: Mapping[str, Any], uploaded_at: datetime) -> datetime:
    """The device's own time of the file when it is plausible: before the upload; else when we received it."""
    try:
        taken = datetime.fromisoformat(str(meta.get("taken_at") or ""))
    except ValueError:
        return uploaded_at
    return taken if taken.tzinfo is not None and taken <= uploaded_at else uploaded_at


def _where(meta: Mapping[str, Any]) -> str:
    lat, lng = meta.get("lat"), meta.get("lng")
    return f"纬度 {lat}，经度 {lng}" if lat is not None and lng is not None else ""
