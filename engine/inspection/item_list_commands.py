"""What the conference office does with lists: take in the province's, compile the district's."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput
from engine.inspection.item_fields import plain
from engine.inspection.item_lists import PROVINCE, Head, compile_district, save_version
from engine.inspection.item_models import StagedFile
from engine.inspection.opening import OFFICE
from engine.inspection.registry_import.judging import accepted
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import REJECTED, ImportReport, ProblemList, RowProblem
from engine.inspection.registry_import.rows import make_reader, score
from engine.inspection.registry_import.surroundings import surroundings_of

KIND = "provincial-items"


@dataclass(frozen=True)
class ProvincialImport:
    """What became of a file: the new version's id, or why nothing was taken in."""

    list_id: str = ""
    count: int = 0
    problems: Sequence[RowProblem] = ()
    ignored_columns: Sequence[str] = ()


@dataclass(frozen=True)
class KeepProvincialFile:
    """Keep an uploaded list until it is taken in, so that a refused one need not be chosen again; returns its id."""

    file_name: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        _only_office(ctx)
        ctx.session.execute(
            sa.delete(StagedFile).where(StagedFile.purpose == KIND, StagedFile.by_user == ctx.actor.user_id)
        )
        row = StagedFile(
            id=new_id(), district_id=ctx.district_id, purpose=KIND, file_name=self.file_name[:200],
            content=self.content, by_user=ctx.actor.user_id, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        return row.id


def kept_file(session: Session, district_id: str, actor: Actor, staged_id: str) -> StagedFile | None:
    """The actor's own kept list; None when there is none of this id."""
    row = session.get(StagedFile, staged_id) if staged_id else None
    own = row is not None and (row.district_id, row.purpose, row.by_user) == (district_id, KIND, actor.user_id)
    return row if own else None


@dataclass(frozen=True)
class ImportProvincialList:
    """Take in the province's list as a dated version; all rows or none, for a version is complete.

    Raises :class:`Forbidden` unless the conference office acts, :class:`InvalidInput` for a file
    that cannot be read or a version that exists.
    """

    file_name: str
    content: bytes = field(repr=False)
    values: Mapping[str, str] = field(default_factory=dict)
    #: The kept file that is no longer needed once the list is taken in.
    staged_id: str = ""

    def run(self, ctx: CommandContext) -> ProvincialImport:
        _only_office(ctx)
        head = read_head(self.values, date.fromisoformat(ctx.today))
        sheet = open_sheet(io.BytesIO(self.content), score(KIND))
        reader, ignored = make_reader(KIND, sheet.header, surroundings_of(ctx.session, KIND, ctx.district_id))
        report = ImportReport(KIND, encoding=sheet.encoding, ignored_columns=ignored)
        records = [plain(record) for _, record in accepted(reader, sheet, report, ProblemList(report, None))]
        if report.rejected:
            refused = [p for p in report.errors if p.level == REJECTED]
            return ProvincialImport(problems=refused, ignored_columns=ignored)
        digest = hashlib.sha256(self.content).hexdigest()
        row = save_version(
            ctx.session, ctx.district_id, PROVINCE, head, records, actor=ctx.actor, now=ctx.now,
            file_name=self.file_name[:200], sha256=digest,
        )  # fmt: skip
        ctx.record(
            None, "item-list-imported",
            {"version": head.version, "items": len(records), "file": self.file_name, "sha256": digest},
        )  # fmt: skip
        if (kept := kept_file(ctx.session, ctx.district_id, ctx.actor, self.staged_id)) is not None:
            ctx.session.delete(kept)
        return ProvincialImport(row.id, len(records), (), ignored)


@dataclass(frozen=True)
class CompileItemList:
    """Compile the present items into a new district version without any adjustment; returns its id.

    For the first version, or after a whole list was imported.
    """

    values: Mapping[str, str]

    def run(self, ctx: CommandContext) -> str:
        _only_office(ctx)
        head = read_head(self.values, date.fromisoformat(ctx.today))
        row = compile_district(ctx.session, ctx.district_id, head, actor=ctx.actor, now=ctx.now)
        ctx.record(None, "item-list-compiled", {"version": head.version, "items": row.count, "adjustments": []})
        return row.id


def _only_office(ctx: CommandContext) -> None:
    if not ctx.actor.has_role(OFFICE):
        raise Forbidden("只有联席会议办公室可以导入省级清单、汇编区级清单。")


def read_head(values: Mapping[str, str], today: date) -> Head:
    """A version's particulars as typed.  Raises :class:`InvalidInput` naming every faulty field."""
    faults: dict[str, list[str]] = {}
    texts = {name: str(values.get(name) or "").strip() for name in ("version", "title", "document_number", "note")}
    for name, label, limit in (
        ("version", "版本名称", 40), ("title", "清单名称", 200), ("document_number", "文号", 60), ("note", "说明", 500),
    ):  # fmt: skip
        if name in {"version", "title"} and not texts[name]:
            faults[name] = [f"请填写“{label}”。"]
        elif len(texts[name]) > limit:
            faults[name] = [f"“{label}”不超过 {limit} 个字。"]
    try:
        issued_on = date.fromisoformat(str(values.get("issued_on") or "").strip())
    except ValueError:
        issued_on = today
        faults["issued_on"] = ["“印发日期”请写成 2026-03-02 的样子。"]
    if issued_on > today:
        faults["issued_on"] = ["“印发日期”晚于今天，请核对。"]
    if faults:
        raise InvalidInput("版本信息有误，请更正标出的内容。", fields=faults)
    return Head(texts["version"], texts["title"], texts["document_number"], issued_on, texts["note"])
