"""What documents of measures and transfers may say of things held."""

from __future__ import annotations

from typing import Any

from engine.inspection import held_items
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact


@fact("held_items", "serial number name mark quantity unit condition place keeper state", many=True)
def things(case: DocumentCase) -> list[dict[str, Any]]:
    """What the measure at hand holds or held; on any other case, what is held in its whole chain."""
    row = case.follow_up
    if row is None:
        return []
    own = held_items.of_measure(case.session, case.district_id, row.number)
    known = own or held_items.held_of_root(case.session, case.district_id, row.root)
    return [
        {
            "serial": n, "number": item.number, "name": item.name, "mark": item.mark, "quantity": item.quantity,
            "unit": item.unit, "condition": item.condition, "place": item.place, "keeper": item.keeper,
            "state": item.state,
        }
        for n, item in enumerate(known, 1)
    ]  # fmt: skip
