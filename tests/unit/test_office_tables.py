"""Tables that name steps and fields name only what is in the diagrams and forms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine.expressions import parse
from engine.inspection.chains.told_tables import TABLES
from engine.inspection.reports.columns import ELEMENTS

ROOT = Path(__file__).resolve().parents[2]


def rows(table: str) -> list[dict[str, Any]]:
    return json.loads((ROOT / "processes" / "tables" / f"{table}.json").read_text("utf-8"))["rows"]


def forms_of(process: str) -> dict[str, str]:
    """Form by user task of a diagram."""
    text = (ROOT / "processes" / process / f"{process}.bpmn").read_text("utf-8")
    tasks = re.findall(r'<bpmn:userTask id="(\w+)".*?</bpmn:userTask>', text, re.S)
    bodies = re.findall(r"<bpmn:userTask .*?</bpmn:userTask>", text, re.S)
    return {
        task: (re.search(r'name="form" value="([^"]+)"', body) or ["", ""])[1]
        for task, body in zip(tasks, bodies, strict=True)
    }


def fields(form: str) -> dict[str, dict[str, Any]]:
    found = json.loads((ROOT / "forms" / f"{form}.json").read_text("utf-8"))["components"]
    return {c["key"]: c for c in found if "key" in c}


def test_what_is_asked_for_before_archiving_is_a_step_with_such_fields() -> None:
    faults = []
    for row in rows("archive"):
        faults += [row["code"]] if not (ROOT / "processes" / row["code"]).is_dir() else []
        faults += [key for key in row["includes"] if not (ROOT / "processes" / key).is_dir()]
        faults += [key for key in row["signed_copies"] if not (ROOT / "forms" / "documents" / f"{key}.json").exists()]
        for need in row["requires"]:
            form = forms_of(need["process"]).get(need["element"])
            named = parse(need["condition"]).names - {"paper"}
            if form is None or not named <= set(fields(form)):
                faults.append(f"{row['code']}: {need['element']} {sorted(named)}")
        for due in row.get("documents", []):
            if not (ROOT / "forms" / "documents" / f"{due['template']}.json").exists():
                faults.append(f"{row['code']}: {due['template']}")
        for need in [*row["requires"], *row.get("documents", [])]:
            if when := need.get("when"):
                form = forms_of(need["process"]).get(when["element"])
                if form is None or not parse(when["condition"]).names <= set(fields(form)):
                    faults.append(f"{row['code']}: {when}")
    assert faults == []


def test_columns_of_reported_results_are_fields_of_their_steps() -> None:
    forms = forms_of("department-inspection")
    faults = []
    for row in rows("report-column"):
        known = fields(forms[row["element"]])
        if listed := row.get("list"):
            known = {c["key"]: c for c in known[listed]["components"]}
        if row["key"] not in known or row["element"] not in ELEMENTS:
            faults.append(row["code"])
    assert faults == []


def test_duties_to_tell_name_steps_fields_templates_registers_and_limits_that_exist() -> None:
    limits = {row["name"] for row in rows("deadline")}
    faults = []
    for row in rows("duty-to-tell"):
        forms = forms_of(row["process"])
        arises = row["arises"] or {}
        asked = [(arises.get("after") or arises.get("at"), [arises.get("condition", "true")], [])] if arises else []
        for told in row["told"]:
            if element := told.get("element"):
                cells = [told[name] for name in ("condition", "on", "way", "person", "number") if told.get(name)]
                asked.append((element, cells, [e["field"] for e in told.get("evidence", ())]))
            faults += [
                f"{row['code']}: {key}" for key in told.get("service", ())
                if not (ROOT / "forms" / "documents" / f"{key}.json").exists()
            ]  # fmt: skip
            faults += [row["code"]] if told.get("table", "measure-notice") not in TABLES else []
        for element, cells, evidence in asked:
            named = {name for cell in cells for name in parse(cell).names} | set(evidence)
            if element not in forms or not named <= set(fields(forms[element])):
                faults.append(f"{row['code']}: {element} {sorted(named)}")
        faults += [row["code"]] if row["deadline"] and row["deadline"] not in limits else []
    assert faults == []
