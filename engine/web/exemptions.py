"""免罚清单: what is, or may be, left unpunished, for officials and for anybody (R62)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.inspection import exemptions, tables
from engine.web.context import settings
from engine.web.guards import public, requires_role
from engine.web.items import today
from engine.web.navigation import NavItem
from engine.web.table_export import table_response

READERS = frozenset(
    {"承办人", "执法检查人员", "科室负责人", "分管负责人", "机关负责人", "法制审核人员", "监管督查", "审计监督"}
)
blueprint = Blueprint("exemptions", __name__)
NAV = (NavItem("免罚清单", "exemptions.index", "check", 46, "/exemptions", roles=READERS, group="名录"),)
HEAD = ("条目", "理由", "违法行为", "条件", "处理", "依据", "来源", "施行日期")


def _chosen() -> tuple[dict[str, str], list[dict[str, Any]], list[dict[str, str]]]:
    """What the address asks for, the rows that fit, and the grounds to choose from."""
    wanted = {key: request.args.get(key, "").strip()[:80] for key in ("q", "ground")}
    rows = [
        row for row in exemptions.listed(settings(), today())
        if wanted["ground"] in ("", row["ground"])
        and wanted["q"] in f"{row['code']} {row['violation']} {row['conditions']} {row['legal_basis']}"
    ]  # fmt: skip
    return wanted, rows, tables.options(settings(), "exemption-ground", today())


@blueprint.get("/exemptions")
@requires_role(*sorted(READERS))
def index() -> ResponseReturnValue:
    """The list in force today with what the office still has to check."""
    wanted, rows, grounds = _chosen()
    return render_template("exemptions.html", wanted=wanted, rows=rows, grounds=grounds)


@blueprint.get("/public/exemptions")
@public
def published() -> ResponseReturnValue:
    """The list as anybody may read it."""
    wanted, rows, grounds = _chosen()
    return render_template("public/exemptions.html", wanted=wanted, rows=rows, grounds=grounds)


@blueprint.get("/public/exemptions.<form>")
@public
def export(form: str) -> ResponseReturnValue:
    """The list in force today as a table."""
    rows = (
        [row["code"], row["ground_row"]["name"], row["violation"], row["conditions"], row["ground_row"]["result"],
         row["legal_basis"], row["source"], row["effective_from"]]
        for row in exemptions.listed(settings(), today())
    )  # fmt: skip
    return table_response(form, "轻微违法免罚清单", list(HEAD), rows)
