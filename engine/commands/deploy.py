"""Deploy a process: lint everything, parse, hash diagram, tables and forms together, keep an immutable version."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import defer

from engine.bpmn.parser import load_definition
from engine.commands.context import CommandContext
from engine.commands.kernel import Kernel
from engine.commands.start_triggers import follow_version
from engine.db import new_id
from engine.errors import ModelRefused
from engine.lint.finding import Finding
from engine.lint.linter import lint
from engine.lint.sandbox import inspect_bundle
from engine.models import ProcessDefinition


@dataclass(frozen=True)
class Deployment:
    """What :class:`Deploy` did.

    ``created`` is False when this very content was deployed before; ``current`` says whether new
    instances start from it (an upgrade does not displace the office's own version).
    """

    definition_id: str
    key: str
    version: int
    created: bool
    current: bool
    warnings: list[dict[str, Any]]


@dataclass(frozen=True)
class Deploy:
    """Deploy ``files`` (name → text: the diagram, its tables and ``forms/<key>.json``) as process ``key``.

    Raises :class:`ModelRefused` with every finding at once when the model cannot be run exactly.
    """

    key: str
    files: dict[str, str]
    origin: str = "shipped"
    note: str = ""
    findings: tuple[Finding, ...] | None = None  # what :meth:`prepare` found

    def prepare(self, kernel: Kernel) -> Deploy:
        """Judge what an office submits where a hang or a memory bomb can be killed; shipped processes are trusted."""
        if self.origin != "office":
            return self
        found = inspect_bundle(
            self.files, roles=kernel.roles, services=kernel.services,
            seconds=kernel.settings.sandbox_seconds, memory_mb=kernel.settings.sandbox_memory_mb,
        )  # fmt: skip
        return replace(self, findings=tuple(found))

    def run(self, ctx: CommandContext) -> Deployment:
        digest = bundle_digest(self.files)
        rows = ctx.session.scalars(
            sa.select(ProcessDefinition)
            .where(ProcessDefinition.district_id == ctx.district_id, ProcessDefinition.key == self.key)
            .order_by(ProcessDefinition.version.desc())
            .options(defer(ProcessDefinition.bundle))
        ).all()
        now_current = next((row for row in rows if row.current), None)
        known = next((row for row in rows if row.digest == digest), None)
        if known is not None:
            if self.origin == "office" and known is not now_current:
                self._make_current(ctx, rows, known)  # deploying an old version again is how one rolls back
            return Deployment(known.id, self.key, known.version, False, known.current, [])
        findings = self.findings
        if findings is None:
            findings = tuple(lint(self.files, roles=ctx.kernel.roles, services=ctx.kernel.services))
        errors = [f.as_dict() for f in findings if f.refuses]
        if errors:
            raise ModelRefused(f"流程“{self.key}”有 {len(errors)} 处问题，不能部署。", errors)
        warnings = [f.as_dict() for f in findings if not f.refuses]
        definition = ProcessDefinition(
            id=new_id(), district_id=ctx.district_id, key=self.key, version=rows[0].version + 1 if rows else 1,
            name=load_definition(self.files).name, digest=digest, bundle=self.files, origin=self.origin,
            current=False, deployed_at=ctx.now, deployed_by=ctx.actor.user_id, note=self.note,
        )  # fmt: skip
        ctx.session.add(definition)
        ctx.session.flush()
        # An upgrade never takes the office's own version out of use; it waits beside it to be compared.
        if now_current is None or self.origin == "office" or now_current.origin == "shipped":
            self._make_current(ctx, [*rows, definition], definition)
        ctx.record(
            None,
            "process-deployed",
            {"key": self.key, "version": definition.version, "digest": digest, "origin": self.origin,
             "note": self.note, "current": definition.current},
        )  # fmt: skip
        return Deployment(definition.id, self.key, definition.version, True, definition.current, warnings)

    def _make_current(
        self, ctx: CommandContext, rows: Sequence[ProcessDefinition], chosen: ProcessDefinition
    ) -> None:  # fmt: skip
        for row in rows:
            row.current = row is chosen
        ctx.session.flush()
        follow_version(ctx, self.key, chosen.id)
        if chosen.version != max(row.version for row in rows):
            ctx.record(None, "process-made-current", {"key": self.key, "version": chosen.version, "note": self.note})


def bundle_digest(files: dict[str, str]) -> str:
    """SHA-256 over the canonical JSON of all files: one hash for diagram, tables and forms together."""
    return hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()
