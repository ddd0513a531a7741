"""Items in an inspector's scope that have passed to another department since (R8, R19).

When an item is handed over, the people who checked it stay where they are: their rows still name it until
a registry change takes it out.  Here is who they are and what a change would take out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Inspector, Item
from engine.inspection.registry_models import EnforcementTeam
from engine.inspection.standing import ON_DUTY


def handed_over(session: Session, district_id: str, people: Iterable[Inspector]) -> dict[str, dict[str, str]]:
    """Inspector code → item code → the department now responsible, of people who have any such item.

    An item of a department that the person's enforcement team serves is not a foreign one (R22).
    """
    asked = list(people)
    codes = sorted({code for person in asked for code in person.items or ()})
    if not codes:
        return {}
    owner = dict(
        session.execute(
            sa.select(Item.code, Item.department).where(Item.district_id == district_id, Item.code.in_(codes))
        )
        .tuples()
        .all()
    )
    serves: dict[str, list[str]] = {
        code: served
        for code, served in session.execute(
            sa.select(EnforcementTeam.code, EnforcementTeam.serves).where(
                EnforcementTeam.district_id == district_id, EnforcementTeam.active
            )
        )
    }
    found = {}
    for person in asked:
        own = {person.department, *serves.get(person.team, ())}
        if gone := {code: owner[code] for code in person.items or () if owner.get(code, person.department) not in own}:
            found[person.code] = gone
    return found


def to_adjust(session: Session, district_id: str, departments: Collection[str]) -> list[tuple[Inspector, list[str]]]:
    """People on duty of these departments whose scope names handed-over items, with the items' codes."""
    people = session.scalars(
        sa.select(Inspector)
        .where(
            Inspector.district_id == district_id,
            Inspector.department.in_(sorted(departments)),
            Inspector.status == ON_DUTY,
            sa.cast(Inspector.items, sa.Text) != "[]",
        )
        .order_by(Inspector.code)
    ).all()
    gone = handed_over(session, district_id, people)
    return [(person, sorted(gone[person.code])) for person in people if person.code in gone]
