"""Form the special group (专案组) that works on a suspected crime."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.models import User
from engine.service_tasks import ServiceContext, service_task


@service_task("form-special-group", title="组成专案组")
def form_special_group(ctx: ServiceContext) -> dict[str, Any]:
    """Enforcement officers of the organ, none of whom must keep away; how many, the form says (transfer rules 5).

    Returns ``members`` without repetitions and ``names``.  Raises :class:`InvalidInput` naming who cannot take part.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    members = list(dict.fromkeys((ctx.values or {})["members"]))
    names = dict(ctx.session.execute(sa.select(User.id, User.name).where(User.id.in_(members))).tuples().all())
    faults = []
    if partial := crimes.recused(ctx.session, ctx.district_id, row) & set(members):
        faults.append(f"{'、'.join(names[m] for m in sorted(partial))}应当回避，请更换。")
    if strangers := set(members) - crimes.officers(ctx.session, ctx.district_id, row.department):
        faults.append(f"{'、'.join(names.get(m, m) for m in sorted(strangers))}不是本机关的执法检查人员，请更换。")
    if len(members) < len((ctx.values or {})["members"]):
        faults.append("同一人选了两次，请补选。")
    if faults:
        raise InvalidInput("专案组需要调整。", fields={"members": faults})
    row = crimes.keep(ctx, "group", "专案组核实", ctx.now)
    row.facts = {**row.facts, "group": {**row.facts["group"], "names": "、".join(names[m] for m in members)}}
    return {"members": members, "names": [names[m] for m in members]}
