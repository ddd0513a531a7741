"""The job that builds a case file: bind the volume, record its digest, publish a root, pack the ZIP, keep both."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.documents.volume import Bound, bind
from engine.errors import NotFound
from engine.history_proofs import SealedLog
from engine.inspection.archive_models import CaseFile
from engine.inspection.archives import package
from engine.inspection.archives.case import Case, case_of
from engine.inspection.archives.commands import BindCaseFile, KeepCaseFile, PublishRoot
from engine.inspection.archives.content import Content
from engine.inspection.archives.enclosures import Enclosure, enclosures
from engine.jobs import JobFailure
from engine.models import ProcessInstance
from engine.process_engine import ProcessEngine


def build_case_file(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Build the PDF and the ZIP of one case file; building it again gives new files for the same number.

    What is large lies in temporary files: neither an original nor the ZIP is ever held in memory whole.
    """
    case_file = args["case_file"]
    with tempfile.TemporaryDirectory(prefix="lianjian-archive-") as folder:
        volume, zipped = Path(folder, "volume.pdf"), Path(folder, "case.zip")
        with engine.read() as session:
            file = session.get(CaseFile, case_file)
            if file is None:
                raise NotFound("没有找到要生成的案卷。")
            instance = session.get_one(ProcessInstance, file.instance_id)
            on = file.archived_at.astimezone(engine.settings.timezone).date()
            case = case_of(session, engine.settings, instance, on)
            files = enclosures(session, case)
            content = Content(session, engine.settings, engine.kernel, case, file, files)
            bound, parts = _bind(content, volume)
            digest = _sha256(volume)
            index = package.manifest(
                file, case, files, {"size": volume.stat().st_size, "sha256": digest}, parts
            )  # fmt: skip
        command = BindCaseFile(case_file, hashlib.sha256(index).hexdigest(), digest, bound.pages)
        size = engine.execute(command, actor=Actor.system())
        _pack(engine, file, case, files, index, volume, zipped, size)
        engine.execute(KeepCaseFile(case_file, volume, zipped, _sha256(zipped), size), actor=Actor.system())


def _bind(content: Content, path: Path) -> tuple[Bound, list[dict[str, Any]]]:
    volume = content.volume()
    lines: list[dict[str, Any]] = []

    def listed() -> Any:
        for part in content.parts():
            lines.append({"title": part.title, "number": part.number, "author": part.author, "on": part.on})
            yield part

    with path.open("wb") as out:
        bound = bind(type(volume)(**{**vars(volume), "parts": listed()}), out)
    for line, page in zip(lines, bound.starts, strict=True):
        line["page"] = page
    return bound, lines


def _pack(
    engine: ProcessEngine, file: CaseFile, case: Case, files: list[Enclosure], index: bytes, volume: Path,
    zipped: Path, size: int,
) -> None:  # fmt: skip
    now = engine.clock()
    with engine.read() as session:
        log = SealedLog(session, file.district_id, size)
        with zipped.open("wb") as out:
            local = file.archived_at.astimezone(engine.settings.timezone)
            package.write(out, session, case, index, volume, files, log, now, local)
    engine.execute(PublishRoot(size, log.root()), actor=Actor.system(), now=now)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def building_failed(ctx: CommandContext, failure: JobFailure) -> tuple[str | None, str]:
    """The case whose file could not be built; its page says so and lets it be built again."""
    file = ctx.session.get(CaseFile, failure.args.get("case_file"))
    if file is None:
        return None, ""
    file.state, file.failure = "failed", failure.message[:500]
    return file.instance_id, file.business_key
