"""Parts of diagrams around a scope: event sub-processes, compensation, transactions."""

from __future__ import annotations

from tests.support.bpmn_runs import boundary, chain, finish, node, script
from tests.support.diagrams import user

CANCEL = "<bpmn:cancelEventDefinition/>"


def compensate(activity: str = "", *, wait: bool = True) -> str:
    """A compensation event definition."""
    reference = f' activityRef="{activity}"' if activity else ""
    waiting = "" if wait else ' waitForCompletion="false"'
    return f"<bpmn:compensateEventDefinition{reference}{waiting}/>"


def handler(element_id: str, event: str, steps: str = "", *, interrupting: bool = True, path: str = "") -> str:
    """An event sub-process ``h``: start event ``h_go``, ``steps`` along ``path``, end event ``h_end``.

    Without steps a person does ``h_fix``.
    """
    steps, path = steps or user(f"{element_id}_fix"), path or ("" if steps else f"{element_id}_fix")
    begin = node("startEvent", f"{element_id}_go", event, isInterrupting=str(interrupting).lower())
    flows = chain(f"{element_id}_go {path} {element_id}_end")
    return node("subProcess", element_id, begin + steps + finish(f"{element_id}_end") + flows, triggeredByEvent="true")


def undone(*activities: str, by: str = "") -> str:
    """Compensation boundary events ``undo_<activity>`` with their handlers; goes to the end of its level.

    A handler is the script ``un_<activity>``, which counts in ``undone``, or what ``by`` says of one activity.
    """
    parts = "".join(boundary(f"undo_{a}", a, compensate()) for a in activities)
    parts += by or "".join(script(f"un_{a}", "undone = undone + 1") for a in activities)
    for a in activities:
        parts = parts.replace(f' id="un_{a}"', f' isForCompensation="true" id="un_{a}"')
    ties = "".join(
        f'<bpmn:association id="tie_{a}" sourceRef="undo_{a}" targetRef="un_{a}" associationDirection="One"/>'
        for a in activities
    )
    return parts + ties


def transaction(element_id: str, inner: str) -> str:
    return node("transaction", element_id, inner)
