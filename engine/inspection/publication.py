"""What becomes public of a result or a penalty, and the row that keeps it.

One rule for the preview and the release: :func:`prepare` applies the table ``public-field`` and
the table ``redaction-pattern`` to what the record holds, with what the officer chose; what it
gives is kept and released verbatim.  An officer may mask more than the tables do, never less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection import public_fields, records, redaction
from engine.inspection.models import Publication
from engine.inspection.public_fields import CHECKED, MUST_HIDE, NAME, VERBATIM, FieldRule
from engine.inspection.publication_models import PublicationVersion
from engine.settings import Settings

SOLE_TRADER = "个体工商户"
HIDE_NAME = "隐去姓名"
KEEP_WORDS = "保留"
#: What may be told of anything published; the names of the public pages.
KINDS = {
    "result": "抽查结果", "plan": "抽查计划", "penalty": "行政处罚", "special": "专项检查",
    "abnormal": "经营异常名录", "serious": "严重违法失信名单",
}  # fmt: skip
#: States of a publication the provincial platform must know of.
TOLD = ("published", "withdrawn", "expired")


@dataclass(frozen=True)
class Source:
    """What the record holds, by field of the table; ``names`` are persons named in it."""

    document: str
    subject_kind: str
    values: Mapping[str, Any]
    names: tuple[str, ...] = ()
    representative: str = ""


@dataclass(frozen=True)
class Choices:
    """What the officer chose: hide a person's name, release these finds, mask these words as well."""

    hide_name: bool = False
    kept: frozenset[str] = frozenset()
    masks: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Choices:
        """From the values of the form ``publication-preview``."""
        kept = frozenset(str(row.get("found")) for row in values.get("hits") or [] if row.get("choice") == KEEP_WORDS)
        masks = tuple(row["text"] for row in values.get("masks") or [] if row.get("text"))
        return cls(values.get("redact_name") == HIDE_NAME, kept, masks)


@dataclass(frozen=True)
class Preview:
    """``content`` is what will be public, verbatim; ``redacted`` says in words what was taken out.

    ``lines`` set the original beside it: ``{"label", "original": [[words, masked]], "public", "treatment",
    "why"}``, ``public`` None where the whole field stays closed.  ``open_hits`` are the finds an officer must
    decide: ``{"where", "found", "kind"}``.
    """

    content: dict[str, Any]
    redacted: list[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    open_hits: list[dict[str, str]] = field(default_factory=list)
    unused_masks: tuple[str, ...] = ()


def prepare(settings: Settings, source: Source, choices: Choices, on: date) -> Preview:
    """Make the public form of ``source`` as the tables of ``on`` and the officer's choices want it."""
    content: dict[str, Any] = {}
    redacted: dict[str, None] = {}
    lines: list[dict[str, Any]] = []
    hits: dict[str, dict[str, str]] = {}
    used: set[str] = set()
    for rule in public_fields.rules(settings, source.document, source.subject_kind, on):
        value = source.values.get(rule.field)
        if value is None:
            continue
        if rule.closed:
            if value not in ("", []):
                redacted[rule.label] = None
                lines.append(_line(rule, [[words_of(value), True]], None))
            continue
        work = _Cell(settings, rule, source, choices, on)
        content[rule.label] = work.public(value)
        pieces = work.pieces if isinstance(value, str) and work.pieces else [[words_of(value), False]]
        lines.append(_line(rule, pieces, words_of(content[rule.label])))
        redacted |= dict.fromkeys(work.found)
        used |= work.used
        for hit in work.open:
            hits.setdefault(hit.text, {"where": rule.label, "found": hit.text, "kind": hit.kind})
    unused = tuple(words for words in choices.masks if words not in used)
    return Preview(content, list(redacted), lines, list(hits.values()), unused)


def _line(rule: FieldRule, original: list[list[Any]], public: str | None) -> dict[str, Any]:
    return {
        "label": rule.label,
        "original": original,
        "public": public,
        "treatment": rule.treatment,
        "why": rule.why,
    }


@dataclass
class _Cell:
    """One field on its way to the public; collects what was masked."""

    settings: Settings
    rule: FieldRule
    source: Source
    choices: Choices
    on: date
    pieces: list[list[Any]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    open: list[redaction.Hit] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def public(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._verbatim(value) if self.rule.treatment == VERBATIM else self._text(value)
        if isinstance(value, list):
            return [self._inside(one) for one in value]
        return value

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: self.public(v) for k, v in value.items() if self.rule.shows(k)}
        return self.public(value)

    def _verbatim(self, text: str) -> str:
        """Shown as it stands; only a number nobody may release is taken out."""
        hits = redaction.barred(self.settings, text, self.on)
        spans = [(hit.start, hit.end) for hit in hits]
        self.found += [f"{self.rule.label}中的{hit.kind}" for hit in hits]
        self.pieces += [list(piece) for piece in redaction.cut(text, spans)]
        return redaction.mask(text, spans)

    def _text(self, text: str) -> str:
        spans: list[tuple[int, int]] = []
        checked = self.rule.treatment == CHECKED
        for hit in redaction.find(self.settings, text, self.on, self.source.names if checked else ()):
            if hit.never or (checked and hit.text not in self.choices.kept):
                spans.append((hit.start, hit.end))
                self.found.append(f"{self.rule.label}中的{hit.kind}")
            if checked and not hit.never:
                self.open.append(hit)
        if self.rule.maskable:
            for words in self.choices.masks:
                if more := redaction.places(text, [words]):
                    spans += more
                    self.used.add(words)
                    self.found.append(f"{self.rule.label}中另外隐去的文字")
        hidden = self._person(text)
        if hidden is not None:
            self.found.append("名称中的个人姓名")
            whole = [(1, len(text))] if self.rule.treatment == MUST_HIDE else []
            person = whole or redaction.places(text, [self.source.representative])
            self.pieces += [list(piece) for piece in redaction.cut(text, [*person, *spans])]
            return redaction.mask(hidden, redaction.places(hidden, self.choices.masks))
        self.pieces += [list(piece) for piece in redaction.cut(text, spans)]
        return redaction.mask(text, spans)

    def _person(self, text: str) -> str | None:
        """The name with the person's hidden; None when it stays."""
        if self.rule.treatment == MUST_HIDE:
            return text[:1] + "某" * max(1, len(text) - 1)
        if self.rule.treatment == NAME and self.choices.hide_name:
            hidden = sole_trader_name(text, self.source.representative)
            return hidden if hidden != text else None
        return None


def sole_trader_name(name: str, representative: str) -> str:
    """A sole trader's name with the person's name hidden, when the name contains it."""
    if representative and representative in name:
        return name.replace(representative, representative[0] + "某" * (len(representative) - 1))
    return name


def words_of(value: Any) -> str:
    """A public value in one line, for comparing and for tables."""
    if isinstance(value, list):
        return "；".join(words_of(one) for one in value)
    if isinstance(value, Mapping):
        return "：".join(words_of(one) for one in value.values())
    return "" if value is None else str(value)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """What changed from one content to the other: ``{"label", "old", "new"}`` in words."""
    labels = dict.fromkeys([*new, *old])
    pairs = [(label, words_of(old.get(label)), words_of(new.get(label))) for label in labels]
    return [{"label": label, "old": before, "new": after} for label, before, after in pairs if before != after]


def redact_text(settings: Settings, text: str, on: date) -> tuple[str, list[str]]:
    """Mask everything the tables find in a free text; returns the text and what was found, in words."""
    hits = redaction.find(settings, text, on)
    return redaction.mask(text, [(h.start, h.end) for h in hits]), list(dict.fromkeys(h.kind for h in hits))


def refuse_undecided(preview: Preview, values: Mapping[str, Any]) -> None:
    """Every find must have been decided by the officer, and every extra mask must hit something.

    Raises :class:`InvalidInput` naming the words and what to do.
    """
    rows = {row.get("found"): row for row in values.get("hits") or []}
    faults: dict[str, list[str]] = {}
    for hit in preview.open_hits:
        if not rows.get(hit["found"], {}).get("choice"):
            faults.setdefault("hits", []).append(
                f"“{hit['where']}”中的“{hit['found']}”疑似{hit['kind']}，请在“逐处核对”中选择隐去或者保留。"
            )
    for words in preview.unused_masks:
        faults.setdefault("masks", []).append(
            f"可以隐去的内容中没有“{words}”，请从“原文”一栏照抄要隐去的文字；机关、日期、结果类别不能隐去。"
        )
    if faults:
        raise InvalidInput("公示内容还没有核对完。", fields=faults)


def keep(
    session: Session, *, district_id: str, kind: str, subject: str, department: str, preview: Preview, state: str,
    legal_ground: str = "", prepared_by: str | None = None, subject_kind: str = "",
) -> Publication:  # fmt: skip
    """Create or refresh the publication row of ``subject`` before its release.

    Raises :class:`ServiceTaskFailed` when it is public already: corrections leave a trail of their own.
    """
    row = records.publication(session, district_id, kind, subject)
    if row is None:
        row = Publication(id=new_id(), district_id=district_id, kind=kind, subject=subject, department=department)
        session.add(row)
    elif row.state in ("published", "withdrawn"):
        raise ServiceTaskFailed("该信息已经公示，不能重新准备；请在“公示管理”中申请更正或者撤回。")
    row.content, row.redacted = preview.content, preview.redacted
    row.state, row.legal_ground = state, legal_ground
    row.prepared_by = prepared_by
    row.subject_kind = subject_kind
    index(row)
    session.flush()
    return row


def index(row: Publication) -> None:
    """Bring the columns the public search looks at in line with the content."""
    content = row.content
    labels = ("检查对象", "当事人", "计划名称", "专项检查名称")
    row.title = str(next((content[label] for label in labels if content.get(label)), ""))[:200]
    row.code = str(content.get("统一社会信用代码") or "")[:18]
    outcome = next((content[label] for label in ("检查结果", "处罚种类", "列入原因") if content.get(label)), "")
    row.outcome = words_of(outcome).replace("；", "、")[:60]


def versions(session: Session, publication_id: str) -> list[PublicationVersion]:
    """Every version of a publication, the oldest first."""
    return list(
        session.scalars(
            sa.select(PublicationVersion)
            .where(PublicationVersion.publication_id == publication_id)
            .order_by(PublicationVersion.number)
        )
    )


def first_preview(kept: Sequence[PublicationVersion]) -> PublicationVersion | None:
    """The first preview of the round under way: what the second person compares with."""
    previews: list[PublicationVersion] = []
    for version in kept:
        previews = [*previews, version] if version.stage == "preview" else []
    return previews[0] if len(previews) > 1 else None


def add_version(
    session: Session, row: Publication, stage: str, *, at: datetime, by_user: str | None, by_name: str,
    detail: Mapping[str, Any] | None = None, changes: Sequence[Mapping[str, Any]] = (), note: str = "",
    release: int = 0,
) -> PublicationVersion:  # fmt: skip
    """Write down what the publication says at this step."""
    last = session.scalar(
        sa.select(sa.func.max(PublicationVersion.number)).where(PublicationVersion.publication_id == row.id)
    )
    version = PublicationVersion(
        id=new_id(), district_id=row.district_id, publication_id=row.id, number=(last or 0) + 1, stage=stage,
        content=dict(row.content), detail=dict(detail or {}), changes=[dict(c) for c in changes], note=note,
        release=release, by_user=by_user, by_name=by_name, at=at,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version


def public_content(settings: Settings, row: Publication, on: date) -> dict[str, Any]:
    """What anybody may see of a publication on ``on``: pages, feeds, files and the platform alike.

    Of one whose time is over only the platform is told, and only that it is: the public sees no page of it.
    """
    if row.state == "expired":
        ended_on = row.ended_at.astimezone(settings.timezone).date().isoformat() if row.ended_at else ""
        said = {"公示种类": KINDS.get(row.kind, row.kind), "停止公示日期": ended_on, "停止公示原因": row.legal_ground}
        return public_fields.visible(settings, "expired", row.subject_kind, said, on)
    document = "withdrawn" if row.state == "withdrawn" else row.kind
    return public_fields.visible(settings, document, row.subject_kind, row.content, on)
