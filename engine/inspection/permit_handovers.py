"""审管信息移交: permits told by who approved to who supervises, signed for or sent back (R17).

One hand-over (a process instance) carries a list of permits for one receiving department; every permit is a
row of its own, numbered ``<hand-over>/<n>``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput
from engine.inspection.models import InspectedObject
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICER
from engine.inspection.registry_history import Origin, difference, record_changes
from engine.inspection.registry_models import PermitHandover
from engine.inspection.registry_proposals import REGISTERS, apply

PROCESS = "permit-handover"
WAITING, SIGNED, RETURNED, GIVEN_UP = "待签收", "已签收", "已退回", "不再移交"
STATES = (WAITING, SIGNED, RETURNED, GIVEN_UP)

#: Objects changed by one statement when a long list is signed for.
_CHUNK = 500


@dataclass(frozen=True)
class OpenHandover:
    """Begin a hand-over whose permits are entered by hand; returns its number.

    Raises :class:`Forbidden` unless the actor is an officer in charge of ``department``, which approved.
    """

    department: str

    def run(self, ctx: CommandContext) -> str:
        _require_officer(ctx, self.department)
        number = _next(ctx, self.department)
        ctx.start_process(
            PROCESS, number, {"entered": False, "supervisor": ""}, title="审管信息移交", department=self.department
        )
        return number


@dataclass(frozen=True)
class OpenHandovers:
    """Hand over many permits at once, one hand-over for each receiving department; returns their numbers.

    ``permits`` are rows ``{uscc, object, name, number, issued, expires, issuer, supervisor}`` with ISO dates, already
    judged.  Raises :class:`Forbidden` unless the actor is an officer in charge of ``department``.
    """

    department: str
    permits: tuple[Mapping[str, Any], ...]
    remark: str = ""

    def run(self, ctx: CommandContext) -> list[str]:
        _require_officer(ctx, self.department)
        lists: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for permit in self.permits:
            lists[str(permit["supervisor"])].append(permit)
        if not lists or self.department in lists:
            raise InvalidInput("请至少移交一项许可，并且移交给别的部门。", fields={"file": ["没有可以移交的许可。"]})
        numbers = []
        for supervisor, permits in sorted(lists.items()):
            number = _next(ctx, self.department)
            keep(
                ctx.session, ctx.district_id, number, permits, approver=self.department, supervisor=supervisor,
                remark=self.remark, actor=ctx.actor, now=ctx.now,
            )  # fmt: skip
            ctx.session.flush()
            ctx.start_process(
                PROCESS, number, {"entered": True, "supervisor": supervisor}, title=title(permits),
                department=self.department, departments=(supervisor,),
            )  # fmt: skip
            numbers.append(number)
        return numbers


def _require_officer(ctx: CommandContext, department: str) -> None:
    if not ctx.actor.has_role(OFFICER, department):
        raise Forbidden("审管信息由作出许可的部门的承办人移交。")


def _next(ctx: CommandContext, department: str) -> str:
    year = ctx.today[:4]
    serial = next_number(ctx.session, ctx.district_id, f"permit-handover/{department}/{year}")
    return f"{department}-审管移交-{year}-{serial:04d}"


def title(permits: Sequence[Mapping[str, Any]]) -> str:
    """What a hand-over is called in lists."""
    first = permits[0]
    more = f"等 {len(permits)} 项" if len(permits) > 1 else ""
    return f"审管信息移交：{first['object']} {first['name']}{more}"[:300]


def keep(
    session: Session, district_id: str, number: str, permits: Iterable[Mapping[str, Any]], *, approver: str,
    supervisor: str, remark: str, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Write the permits of a hand-over, all waiting for the signature."""
    fields = ("object", "name", "number", "issued", "expires", "issuer")
    session.execute(
        sa.insert(PermitHandover),
        [
            {
                "id": new_id(), "district_id": district_id, "number": f"{number}/{n:05d}", "uscc": permit["uscc"],
                "permit": {field: permit.get(field) or "" for field in fields}, "approver": approver,
                "supervisor": supervisor, "state": WAITING, "remark": remark, "handed_by": actor.user_id,
                "handed_at": now, "signed_by": None, "signed_at": None,
            }
            for n, permit in enumerate(permits, start=1)
        ],
    )  # fmt: skip


def permits_of(session: Session, district_id: str, number: str, *states: str) -> list[PermitHandover]:
    """The permits of a hand-over in their order, in one of ``states`` when given."""
    statement = sa.select(PermitHandover).where(
        PermitHandover.district_id == district_id, PermitHandover.number.startswith(f"{number}/", autoescape=True)
    )
    if states:
        statement = statement.where(PermitHandover.state.in_(states))
    return list(session.scalars(statement.order_by(PermitHandover.number)))


def faults_of(permits: Sequence[Mapping[str, Any]], on: date) -> dict[str, list[str]]:
    """What is wrong with permits typed into the form, by the form's own field names."""
    faults: dict[str, list[str]] = {}
    seen: dict[tuple[str, str], int] = {}
    for n, permit in enumerate(permits):
        first = seen.setdefault((permit["name"], permit["number"]), n)
        if first != n:
            faults[f"permits[{n}].number"] = [f"与第 {first + 1} 行是同一项许可，请删除重复的行。"]
        if permit.get("expires") and permit["expires"] < permit["issued"]:
            faults[f"permits[{n}].expires"] = ["有效期早于发证日期，请核对。"]
        if permit["issued"] > on.isoformat():
            faults[f"permits[{n}].issued"] = ["发证日期晚于今天，请核对。"]
    return faults


def sign(session: Session, permits: Sequence[PermitHandover], *, actor: Actor, now: datetime) -> None:
    """Sign for ``permits``: they enter the objects' rows, with who supervises, and the rows' history.

    The object's supervising department is set when it has none; another one stays (changing it is a
    registry change with its second check), and the permit itself says who supervises it.  An object not in
    the registry is entered as 待核.
    """
    for start in range(0, len(permits), _CHUNK):
        _sign(session, permits[start : start + _CHUNK], actor, now)


def _sign(session: Session, permits: Sequence[PermitHandover], actor: Actor, now: datetime) -> None:
    by_object: dict[str, list[PermitHandover]] = defaultdict(list)
    for permit in permits:
        by_object[permit.uscc].append(permit)
        permit.state, permit.signed_by, permit.signed_at = SIGNED, actor.user_id, now
    district = permits[0].district_id
    found = session.scalars(
        sa.select(InspectedObject)
        .where(InspectedObject.district_id == district, InspectedObject.uscc.in_(by_object))
        .order_by(InspectedObject.uscc)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    known = {row.uscc: row for row in found}
    changed = []
    for uscc, signed in by_object.items():
        row = known.get(uscc)
        before: dict[str, Any] | None = None if row is None else {"permits": row.permits, "supervisor": row.supervisor}
        if row is None:
            row = _unknown(session, district, signed[0], now)
        row.permits = merged(row.permits or [], signed)
        row.supervisor = row.supervisor or signed[0].supervisor
        row.updated_at = now
        after: dict[str, Any] = {"permits": row.permits, "supervisor": row.supervisor}
        if before is None:
            after |= {"name": row.name, "kind": row.kind, "to_verify": row.to_verify}
        changed.append((uscc, difference(before, after)))
    number = permits[0].number.rpartition("/")[0]
    origin = Origin("handover", number, "审管信息移交签收")
    record_changes(session, district, "objects", changed, at=now, actor=actor, origin=origin)


def _unknown(session: Session, district_id: str, permit: PermitHandover, now: datetime) -> InspectedObject:
    row = apply(session, REGISTERS["objects"], district_id, permit.uscc, {"name": permit.permit["object"]}, now)
    assert isinstance(row, InspectedObject)
    row.to_verify = "；".join(filter(None, ["审管移交新增，登记信息待补充", row.to_verify]))[:200]
    return row


def merged(permits: Sequence[Mapping[str, Any]], signed: Sequence[PermitHandover]) -> list[dict[str, Any]]:
    """The object's permits with the signed ones; one of the same name and number is renewed in its place."""
    found = {(p.get("name"), p.get("number")): dict(p) for p in permits}
    for row in signed:
        facts = {k: v for k, v in row.permit.items() if k != "object"}
        found[facts["name"], facts["number"]] = {
            **facts, "supervisor": row.supervisor, "handover": row.number.rpartition("/")[0]
        }  # fmt: skip
    return list(found.values())
