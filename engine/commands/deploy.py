"""Deploy a process: lint everything, parse, hash diagram, tables and forms together, keep an immutable version."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from engine.bpmn.parser import load_definition
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import ModelRefused
from engine.lint.linter import lint
from engine.models import ProcessDefinition


@dataclass(frozen=True)
class Deployment:
    """What :class:`Deploy` did: ``created`` is False when this very content was deployed before."""

    definition_id: str
    key: str
    version: int
    created: bool
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

    def run(self, ctx: CommandContext) -> Deployment:
        digest = bundle_digest(self.files)
        rows = ctx.session.execute(
            sa.select(ProcessDefinition.id, ProcessDefinition.version, ProcessDefinition.digest)
            .where(ProcessDefinition.district_id == ctx.district_id, ProcessDefinition.key == self.key)
            .order_by(ProcessDefinition.version.desc())
        ).all()
        for row in rows:
            if row.digest == digest:
                return Deployment(row.id, self.key, row.version, False, [])
        findings = lint(self.files, roles=ctx.kernel.roles, services=ctx.kernel.services)
        errors = [f.as_dict() for f in findings if f.severity == "error"]
        if errors:
            raise ModelRefused(f"流程“{self.key}”有 {len(errors)} 处问题，不能部署。", errors)
        warnings = [f.as_dict() for f in findings if f.severity != "error"]
        loaded = load_definition(self.files)
        definition = ProcessDefinition(
            id=new_id(), district_id=ctx.district_id, key=self.key, version=rows[0].version + 1 if rows else 1,
            name=loaded.name, digest=digest, bundle=self.files, origin=self.origin, deployed_at=ctx.now,
            deployed_by=ctx.actor.user_id, note=self.note,
        )  # fmt: skip
        ctx.session.add(definition)
        ctx.session.flush()
        ctx.record(
            None,
            "process-deployed",
            {
                "key": self.key,
                "version": definition.version,
                "digest": digest,
                "origin": self.origin,
                "note": self.note,
            },
        )
        return Deployment(definition.id, self.key, definition.version, True, warnings)


def bundle_digest(files: dict[str, str]) -> str:
    """SHA-256 over the canonical JSON of all files: one hash for diagram, tables and forms together."""
    return hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()
