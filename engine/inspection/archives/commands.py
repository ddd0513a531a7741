"""Archive a closed case, bind what was built, keep its files: the three steps that write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.commands.task_access import CLERK
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.history import seal
from engine.inspection.archive_models import CaseFile, CaseFileBlock
from engine.inspection.archives.case import Case, case_files, case_of, events_of, happened_since, still_open
from engine.inspection.archives.check import missing
from engine.inspection.archives.rules import Rule, rule
from engine.inspection.numbers import next_number
from engine.models import HistoryEvent, HistoryRoot, ProcessInstance
from engine.scope import visible_instance

BUILD = "build-case-file"
#: Bytes of one block of a kept file.
BLOCK = 1 << 20
LONGEST_REASON = 1_000


@dataclass(frozen=True)
class ArchiveCase:
    """Give a closed case its archive number (档号) and order its files built; returns the case file's id.

    Done by an officer in charge (承办人) of the department whose case it is.  Raises :class:`Conflict`
    when the case is still open or archived with nothing new since, :class:`InvalidInput` when
    something is missing, or the case is archived again, without a stated ``reason``.
    """

    instance_id: str
    reason: str = ""

    def run(self, ctx: CommandContext) -> str:
        instance = visible_instance(ctx.session, ctx.actor, self.instance_id)
        # One after the other: two officials at the same moment must not both take a number.
        ctx.session.execute(
            sa.select(ProcessInstance.id).where(ProcessInstance.id == instance.id).with_for_update()
        )  # fmt: skip
        today = ctx.calendar.local_date(ctx.now)
        case = case_of(ctx.session, ctx.kernel.settings, instance, today)
        if not may_archive(ctx.actor, instance.department, case.rule):
            who = "主办部门的承办人" if case.rule.archivist == CLERK else case.rule.archivist
            raise Forbidden(f"由{who}归档。")
        if problem := still_open(case):
            raise Conflict(problem)
        before = case_files(ctx.session, instance.id)
        lacks = missing(ctx.session, case)
        reason = self.reason.strip()[:LONGEST_REASON]
        self._check(ctx, before, case, lacks, reason)
        number = before[0].archive_number if before else self._number(ctx, case.rule, instance.department, today.year)
        file = CaseFile(
            id=new_id(), district_id=ctx.district_id, archive_number=number, part=len(before) + 1,
            instance_id=instance.id, process_key=instance.process_key, business_key=instance.business_key,
            title=instance.title or instance.business_key, department=instance.department,
            category=case.rule.category, retention=case.rule.retention, keep_until=case.rule.keep_until(today),
            state="building", missing=lacks, reason=reason, events=events_of(ctx.session, case),
            archived_by=ctx.actor.user_id, archived_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(file)
        ctx.session.flush()
        ctx.record(
            instance.id, "case-archived",
            {"archive_number": number, "part": file.part, "category": file.category, "retention": file.retention,
             "missing": lacks, "reason": reason},
        )  # fmt: skip
        ctx.enqueue(BUILD, file.id, {"case_file": file.id})
        return file.id

    @staticmethod
    def _check(ctx: CommandContext, before: list[CaseFile], case: Case, lacks: list[str], reason: str) -> None:
        if before and not happened_since(ctx.session, case, before[-1]):
            raise Conflict(f"这项工作已经归档（档号 {before[0].archive_number}），归档之后没有新的记录。")
        if (lacks or before) and not reason:
            said = "材料不齐的，请写明仍予归档的理由。" if lacks else "补充归档请写明事由。"
            raise InvalidInput(said, fields={"reason": [said]})

    @staticmethod
    def _number(ctx: CommandContext, rule: Rule, department: str, year: int) -> str:
        serial = next_number(ctx.session, ctx.district_id, f"archive/{department}/{rule.letters}/{year}")
        return rule.number(department, year, serial)


def may_archive(actor: Actor, department: str, rule: Rule | None) -> bool:
    """Whether somebody may archive cases of ``department`` under ``rule`` (None: there is none any more)."""
    role = rule.archivist if rule is not None else CLERK
    own = actor.has_role(role, department) if role == CLERK else actor.has_role(role)
    return actor.is_system or own


@dataclass(frozen=True)
class RebuildCaseFile:
    """Order the files of a case file built again after a failure; returns the id of its instance."""

    case_file: str

    def run(self, ctx: CommandContext) -> str:
        file = find(ctx, self.case_file)
        visible_instance(ctx.session, ctx.actor, file.instance_id)
        known = rule(ctx.kernel.settings, file.process_key, ctx.calendar.local_date(ctx.now))
        if not may_archive(ctx.actor, file.department, known):
            raise Forbidden("由归档的人员重新生成案卷。")
        if file.state != "failed":
            raise Conflict("案卷已经生成，或者正在生成，不需要重新生成。")
        file.state, file.failure = "building", ""
        ctx.enqueue(BUILD, f"{file.id}:{ctx.now.isoformat()}", {"case_file": file.id})
        return file.instance_id


@dataclass(frozen=True)
class BindCaseFile:
    """Record what was bound, so that its index stands in the history; returns the sealed log's size."""

    case_file: str
    index_sha256: str
    volume_sha256: str
    pages: int

    def run(self, ctx: CommandContext) -> int:
        file = find(ctx, self.case_file)
        file.pages, file.pdf_sha256 = self.pages, self.volume_sha256
        ctx.record(
            file.instance_id, "case-file-bound",
            {"archive_number": file.archive_number, "part": file.part, "index_sha256": self.index_sha256,
             "volume_sha256": self.volume_sha256, "pages": self.pages},
        )  # fmt: skip
        ctx.flush()
        seal(ctx.session, ctx.district_id)
        last = ctx.session.scalar(
            sa.select(sa.func.max(HistoryEvent.position)).where(HistoryEvent.district_id == ctx.district_id)
        )
        return (last or 0) + 1


@dataclass(frozen=True)
class PublishRoot:
    """Keep that a root was published; the same size twice is the same root."""

    size: int
    root: str

    def run(self, ctx: CommandContext) -> None:
        if ctx.session.get(HistoryRoot, (self.size, ctx.district_id)) is None:
            ctx.session.add(HistoryRoot(size=self.size, district_id=ctx.district_id, root=self.root, at=ctx.now))


@dataclass(frozen=True)
class KeepCaseFile:
    """Take the built PDF and ZIP into the database, block by block; building again replaces them."""

    case_file: str
    volume: Path
    package: Path
    package_sha256: str
    root_size: int

    def run(self, ctx: CommandContext) -> None:
        file = find(ctx, self.case_file)
        ctx.session.execute(sa.delete(CaseFileBlock).where(CaseFileBlock.case_file_id == file.id))
        file.pdf_size = self._keep(ctx, file.id, "pdf", self.volume)
        file.zip_size = self._keep(ctx, file.id, "zip", self.package)
        file.zip_sha256, file.root_size = self.package_sha256, self.root_size
        file.state, file.built_at, file.failure = "ready", ctx.now, ""

    @staticmethod
    def _keep(ctx: CommandContext, case_file: str, kind: str, path: Path) -> int:
        size = position = 0
        statement = sa.insert(CaseFileBlock.__table__)  # type: ignore[arg-type]
        with path.open("rb") as file:
            while piece := file.read(BLOCK):
                values = {"case_file_id": case_file, "kind": kind, "position": position, "content": piece}
                ctx.session.execute(statement, {**values, "district_id": ctx.district_id})
                size, position = size + len(piece), position + 1
        return size


def find(ctx: CommandContext, case_file: str) -> CaseFile:
    """The case file.  Raises :class:`NotFound`."""
    row = ctx.session.get(CaseFile, case_file)
    if row is None or row.district_id != ctx.district_id:
        raise NotFound("没有找到这个案卷，可能链接有误。")
    return row
