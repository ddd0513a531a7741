"""Files taken in on the page: kept, previewed, confirmed, imported; nothing is lost when a browser closes.

The file stays in the database until it is imported or given up.  Previewing and importing are jobs that
repeat harmlessly; small files do not wait for a worker.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError, NotFound
from engine.inspection import tables
from engine.inspection.gate import ALIVE
from engine.inspection.registry_import.ahead import LARGE
from engine.inspection.registry_import.columns import COLUMNS, KINDS
from engine.inspection.registry_import.importer import FAILED, FINISHED, RUNNING, import_registry, judged, reading
from engine.inspection.registry_import.plain import Layout
from engine.inspection.registry_import.report import ProblemList
from engine.inspection.registry_import.store import TABLES, Taking, compare, missing_keys, stop
from engine.inspection.registry_import.surroundings import why_no_items
from engine.inspection.registry_models import RegistryImport
from engine.process_engine import ProcessEngine
from engine.settings import Settings

PREVIEW, IMPORT = "registry-preview", "registry-import"
TO_PREVIEW, TO_CONFIRM, TO_IMPORT, GIVEN_UP = "待预览", "待确认", "待导入", "已放弃"
#: States in which something happens by itself.
MOVING = (TO_PREVIEW, TO_IMPORT, RUNNING)
ROLES = ("系统管理员", "联席会议办公室")

#: Files up to this many bytes are looked at while the person waits.
SMALL = 1_000_000
#: Differences, new rows and missing rows shown before somebody confirms; lists to download have all.
SHOWN = 50
#: Rows taken out of use in one transaction.
_BATCH = 500


@dataclass(frozen=True)
class KeepUpload:
    """Keep an uploaded file of ``kind`` until it is confirmed; returns the import's id.

    ``full`` says that the file holds the whole registry.  Raises :class:`Forbidden` for anybody but administrators
    and the conference office.
    """

    kind: str
    file_name: str
    content: bytes
    full: bool = False

    def run(self, ctx: CommandContext) -> str:
        _require(ctx)
        if self.kind not in TABLES:
            raise InvalidInput("请选择名录。", fields={"kind": ["请选择导入哪个名录。"]})
        if self.kind == "items" and (said := why_no_items(ctx.session, ctx.district_id)):
            raise InvalidInput(said, fields={"kind": [said]})
        if not self.content.strip():
            raise InvalidInput("文件是空的。", fields={"file": ["文件是空的，请选择有表头和数据的文件。"]})
        row = RegistryImport(
            id=new_id(), district_id=ctx.district_id, register=self.kind, file_name=self.file_name[:200],
            sha256=hashlib.sha256(self.content).hexdigest(), state=TO_PREVIEW, at=ctx.now, by_user=ctx.actor.user_id,
            by_name=ctx.actor.name, full=self.full and "status" in TABLES[self.kind].c,
            content=zlib.compress(self.content, 1),
        )  # fmt: skip
        ctx.session.add(row)
        if len(self.content) > SMALL:
            ctx.enqueue(PREVIEW, row.id, {"import_id": row.id})
        return row.id


@dataclass(frozen=True)
class ConfirmImport:
    """Import a previewed file; ``reason`` is kept with every row that changes.

    ``stop_missing`` also takes the rows a full file lacks out of use.  Raises :class:`Conflict` unless it
    waits for this.
    """

    import_id: str
    reason: str
    stop_missing: bool = False

    def run(self, ctx: CommandContext) -> None:
        _require(ctx)
        row = _locked(ctx, self.import_id)
        if row.state not in (TO_CONFIRM, FAILED) or row.content is None or row.preview is None:
            raise Conflict(f"这次导入现在是“{row.state}”，不能确认。")
        reason = self.reason.strip()
        if not 4 <= len(reason) <= 300:
            raise InvalidInput("请填写导入理由。", fields={"reason": ["请填写更新的理由和依据，4 至 300 个字。"]})
        row.reason, row.state, row.message = reason, TO_IMPORT, ""
        row.stop_missing = self.stop_missing and bool(row.preview.get("missing"))
        row.by_user, row.by_name, row.at = ctx.actor.user_id, ctx.actor.name, ctx.now
        if not is_small(row):
            ctx.enqueue(IMPORT, f"{row.id}/{ctx.now.timestamp():.0f}", {"import_id": row.id})


@dataclass(frozen=True)
class GiveUpImport:
    """Forget an uploaded file without importing it."""

    import_id: str

    def run(self, ctx: CommandContext) -> None:
        _require(ctx)
        row = _locked(ctx, self.import_id)
        if row.state not in (TO_PREVIEW, TO_CONFIRM, FAILED):
            raise Conflict(f"这次导入现在是“{row.state}”，不能放弃。")
        row.state, row.content, row.problems, row.missing = GIVEN_UP, None, "", []


def _require(ctx: CommandContext) -> None:
    if not ctx.actor.is_system and not any(ctx.actor.has_role(role) for role in ROLES):
        raise Forbidden("名录由系统管理员或联席会议办公室导入。")


def _locked(ctx: CommandContext, import_id: str) -> RegistryImport:
    row = ctx.session.get(RegistryImport, import_id, with_for_update=True)
    if row is None or row.district_id != ctx.district_id:
        raise NotFound("没有找到这次导入，可能链接有误。")
    return row


def is_small(row: RegistryImport) -> bool:
    """Whether the file is looked at while the person waits."""
    return row.content is not None and len(zlib.decompress(row.content)) <= SMALL


# --- previewing ----------------------------------------------------------------------------------


def preview_upload(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Judge the whole file against the registry and write down what an import would do; saves no row."""
    import_id = args["import_id"]
    with engine.read() as session:
        row = session.get(RegistryImport, import_id)
        if row is None or row.state != TO_PREVIEW or row.content is None:
            return
        kind, full, content, district = row.register, row.full, row.content, row.district_id
    try:
        found = _preview(engine, import_id, kind, full, content, district)
    except LianjianError as error:
        found = {"state": FAILED, "message": error.message[:500], "content": None}
    with engine.database.write() as session:
        session.execute(
            sa.update(RegistryImport)
            .where(RegistryImport.id == import_id, RegistryImport.state == TO_PREVIEW)
            .values(**found)
        )


def _preview(
    engine: ProcessEngine, import_id: str, kind: str, full: bool, content: bytes, district: str
) -> dict[str, Any]:
    errors = io.StringIO()
    seen: list[str] = []
    counts = {"inserted": 0, "updated": 0, "unchanged": 0}
    differences: list[dict[str, Any]] = []
    new: list[list[str]] = []
    headers = {column.field: column.header for column in COLUMNS[kind]}
    with (
        _opened(content) as stream,
        reading(engine.database, kind, stream, district) as (sheet, reader, layout, report),
    ):
        taking = Taking(district, engine.clock(), Actor.system(), layout, import_id)
        named = layout.fields.index("name")
        for block in judged(stream, reader, sheet, layout, report, ProblemList(report, errors)):
            with engine.read() as session:
                compared = compare(session, taking, block.keys, block.rows, block.digests, lock=False)
            counts["inserted"] += len(compared.new)
            counts["updated"] += len(compared.changed)
            counts["unchanged"] += compared.unchanged
            new += [[block.keys[i], block.rows[i][named]] for i in compared.new[: SHOWN - len(new)]]
            differences += [
                {"key": block.keys[i], "name": block.rows[i][named],
                 "changes": [[headers.get(f, f), old, value] for f, (old, value) in changes.items()]}
                for i, changes in compared.changed[: SHOWN - len(differences)]
            ]  # fmt: skip
            if full:
                seen += block.keys
            _tell(engine, import_id, report.total, max(sheet.expected, report.total))
        missing: list[str] = []
        if full and report.rejected == 0:
            with engine.read() as session:
                missing = missing_keys(session, taking, seen, in_use(engine.settings, kind, engine.clock().date()))
    preview = {
        **counts, "total": report.total, "rejected": report.rejected, "to_verify": report.to_verify,
        "hints": report.hints, "encoding": report.encoding, "ignored": report.ignored_columns,
        "differences": differences, "new": new, "missing": len(missing),
        "problems": [[p.line, p.level, p.field, p.value[:100], p.message, p.remedy] for p in report.errors[:SHOWN]],
    }  # fmt: skip
    return {
        "state": TO_CONFIRM, "preview": preview, "problems": errors.getvalue(), "missing": missing,
        "refused": report.rejected, "total": report.total, "done": report.total,
    }  # fmt: skip


def in_use(settings: Settings, kind: str, on: date) -> list[str]:
    """The states of rows that count as being in the registry."""
    codes = {
        row["code"] for row in tables.rows(settings, "registry-status", on) if row["register"] == kind and row["active"]
    }
    return sorted(codes | (ALIVE if kind == "objects" else set()))


def out_of_use(settings: Settings, kind: str, on: date) -> str:
    """The state of rows a full file lacks, once somebody confirmed it."""
    for row in tables.rows(settings, "registry-status", on):
        if row["register"] == kind and row.get("missing"):
            return str(row["code"])
    raise NotFound(f"数据表 registry-status 没有说明{KINDS[kind]}停用后的状态，请系统管理员补充。")


def _tell(engine: ProcessEngine, import_id: str, done: int, total: int) -> None:
    with engine.database.write() as session:
        session.execute(sa.update(RegistryImport).where(RegistryImport.id == import_id).values(done=done, total=total))


@contextmanager
def _opened(content: bytes) -> Iterator[IO[bytes]]:
    """The kept file as a stream; a large one as a real file, which a second process can read."""
    raw = zlib.decompress(content)
    if len(raw) < LARGE:
        yield io.BytesIO(raw)
        return
    with tempfile.NamedTemporaryFile(prefix="lianjian-import-") as stream:
        stream.write(raw)
        del raw
        stream.seek(0)
        yield stream


# --- importing -----------------------------------------------------------------------------------


def run_import(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Import a confirmed file; begun again after a crash, rows that were saved count as unchanged."""
    import_id = args["import_id"]
    with engine.read() as session:
        row = session.get(RegistryImport, import_id)
        # Finished and still kept: the last steps are missing, and to repeat the others changes nothing.
        if row is None or row.state not in (TO_IMPORT, RUNNING, FINISHED) or row.content is None:
            return
        content, kind, district = row.content, row.register, row.district_id
        actor = Actor(row.by_user, row.by_name)
        source = {"file": row.file_name, "sha256": row.sha256}
        reason, full_missing = row.reason, list(row.missing) if row.stop_missing else []
    try:
        with _opened(content) as stream:
            import_registry(
                engine.database, kind, stream, now=engine.clock(), district_id=district, actor=actor, source=source,
                reason=reason, import_id=import_id,
            )  # fmt: skip
        stopped = _stop_missing(engine, import_id, kind, district, actor, reason, full_missing)
        done: dict[str, Any] = {"content": None, "stopped": stopped, "missing": []}
    except LianjianError as error:
        done = {"state": FAILED, "message": error.message[:500]}
    with engine.database.write() as session:
        session.execute(sa.update(RegistryImport).where(RegistryImport.id == import_id).values(**done))


def _stop_missing(
    engine: ProcessEngine, import_id: str, kind: str, district: str, actor: Actor, reason: str, keys: list[str]
) -> int:
    if not keys:
        return 0
    today = engine.clock().astimezone(engine.settings.timezone).date()
    status, active = out_of_use(engine.settings, kind, today), in_use(engine.settings, kind, today)
    layout = Layout.of(kind, TABLES[kind], [COLUMNS[kind][0].field, "status"])
    taking = Taking(district, engine.clock(), actor, layout, import_id, f"全量文件中没有：{reason}"[:300])
    stopped = 0
    for start in range(0, len(keys), _BATCH):
        with engine.database.write() as session:
            stopped += stop(session, taking, keys[start : start + _BATCH], status, active)
    return stopped
