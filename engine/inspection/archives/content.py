"""What a case file says, page by page: entries with who and when, issued documents, evidence, course of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.kernel import Kernel
from engine.documents.model import Block, Facts, Listing, QrCode, Signature, Signatures, Text
from engine.documents.thumbnails import TYPES, thumbnail
from engine.documents.volume import Part, Picture, Pictures, Volume
from engine.forms import Component
from engine.forms.components import PICKERS
from engine.forms.words import submitted
from engine.inspection import draw_log, draw_minutes, official_documents, records, tables
from engine.inspection.archive_models import CaseFile
from engine.inspection.archives.blocks import blocks_of
from engine.inspection.archives.case import Case
from engine.inspection.archives.enclosures import Enclosure, content, paths
from engine.inspection.archives.registers import listings
from engine.inspection.chains.duties import duties
from engine.inspection.chains.paper import told_listing
from engine.inspection.chains.told import told_in
from engine.inspection.code_names import code_names
from engine.inspection.event_words import ENDED, SILENT, STARTED, WORDS
from engine.inspection.models import Inspection, Inspector
from engine.models import Department, ProcessInstance, User, UserTask
from engine.queries import timeline
from engine.settings import Settings

MARK = "内部档案，不得对外公开"
EVENTS = 5_000


@dataclass
class Content:
    """One case as the volume shows it; ``enclosures`` are its original files."""

    session: Session
    settings: Settings
    kernel: Kernel
    case: Case
    file: CaseFile
    enclosures: Sequence[Enclosure]
    _departments: dict[str, str] = field(default_factory=dict)
    _people: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)
    _categories: dict[str, str] = field(default_factory=dict)

    def volume(self) -> Volume:
        """The whole volume; its parts are made one after the other as they are set."""
        file = self.file
        began = min(i.started_at for i in self.case.instances)
        ended = max(i.ended_at or file.archived_at for i in self.case.instances)
        cover = [
            ("档号", file.archive_number + (f"（补充归档，第 {file.part} 卷）" if file.part > 1 else "")),
            ("案卷类别", file.category),
            ("题名", file.title),
            ("业务编号", file.business_key),
            ("立卷单位", self.department(file.department)),
            ("起止日期", f"{self.day(began)} 至 {self.day(ended)}"),
            ("保管期限", file.retention + (f"，至 {file.keep_until.isoformat()}" if file.keep_until else "")),
            ("归档日期", self.day(file.archived_at)),
            ("立卷人", self.person(file.archived_by)),
            ("原件", f"{len(self.enclosures)} 份，与本卷一并存于 ZIP 档案包"),
        ]
        footer = f"档号 {file.archive_number}"
        return Volume(file.category, self.department(file.department), cover, self.parts(), MARK, footer)

    def parts(self) -> Iterator[Part]:
        """What stands in the volume, in its order."""
        yield from self._object()
        yield from self._entries()
        yield from self._draw()
        yield from self._documents()
        yield from self._told()
        yield from self._registers()
        yield from self._evidence()
        yield self._course()
        yield self._closing_note()

    # -- words ------------------------------------------------------------------------------

    def department(self, code: str) -> str:
        if not self._departments:
            rows = self.session.execute(
                sa.select(Department.code, Department.name).where(Department.district_id == self.settings.district_id)
            )
            self._departments = {found: name for found, name in rows}
        return self._departments.get(code, code)

    def person(self, user_id: str | None) -> str:
        if user_id is None:
            return "系统"
        if user_id not in self._people:
            row = self.session.get(User, user_id)
            self._people[user_id] = "—" if row is None else row.name
        return self._people[user_id]

    def minute(self, moment: datetime | None) -> str:
        return moment.astimezone(self.settings.timezone).strftime("%Y-%m-%d %H:%M") if moment else "—"

    def day(self, moment: datetime | None) -> str:
        return self.minute(moment)[:10]

    def place(self, instance: ProcessInstance) -> str:
        """Which part of the case something belongs to, when there are several."""
        return f"（{self.department(instance.department)}）" if len(self.case.instances) > 1 else ""

    def _name(self, component: Component, code: str) -> str:
        """What a picked code is called."""
        if component.type == "userPicker":
            return self.person(code)
        if component.type not in PICKERS and not component.values_key:
            return code
        if not self._codes:
            today = self.file.archived_at.astimezone(self.settings.timezone).date()
            self._codes = code_names(self.session, self.settings, self.settings.district_id, today)
            self._codes |= dict(self.session.execute(sa.select(Inspector.code, Inspector.name)).tuples().all())
            self._categories = {
                o["value"]: o["label"] for o in tables.options(self.settings, "result-category", today)
            }  # fmt: skip
        known = self._categories if component.values_key == "result_categories" else self._codes
        return known.get(code, code)

    # -- parts ------------------------------------------------------------------------------

    def _object(self) -> Iterator[Part]:
        number = self.case.instance.business_key
        row = self.session.scalar(
            sa.select(Inspection).where(
                Inspection.district_id == self.settings.district_id,
                Inspection.number.in_(
                    [number, number.rpartition("/")[0], number.rpartition("/")[0].rpartition("/")[0]]
                ),
            )
        )
        if row is None:
            return
        labels = {
            "name": "名称", "uscc": "统一社会信用代码", "kind": "类型", "legal_representative": "法定代表人（负责人）",
            "address": "地址", "business_scope": "经营范围",
        }  # fmt: skip
        facts = [(label, str(row.object[key])) for key, label in labels.items() if row.object.get(key)]
        facts += [("检查编号", row.number), ("抽查任务", row.campaign), ("抽取编号", row.draw_id)]
        yield Part("检查对象基本情况", [Facts(facts)], author=self.department(self.file.department),
                   on=self.day(self.case.instance.started_at))  # fmt: skip

    def _entries(self) -> Iterator[Part]:
        by_id = {i.id: i for i in self.case.instances}
        forms = {i.id: self.kernel.definition(self.session, i.definition_id).forms for i in self.case.instances}
        tasks = self.session.scalars(
            sa.select(UserTask)
            .where(UserTask.instance_id.in_(list(by_id)), UserTask.state == "completed")
            .order_by(UserTask.closed_at, UserTask.id)
        ).all()
        for task in tasks:
            instance = by_id[task.instance_id]
            lines = submitted(forms[instance.id].get(task.form_key), task.values, self.settings.timezone, self._name)
            where = (
                self.place(instance)
                if instance.department == task.department
                else f"（{self.department(task.department)}）"
            )
            yield Part(
                f"{task.name}{where}",
                [self._who(task), *blocks_of(lines, paths(self.enclosures))],
                number=str(
                    (task.paper or {}).get("document_number") or (task.values or {}).get("document_number") or ""
                ),
                author=f"{self.department(task.department)} {self.person(task.closed_by)}",
                on=self.day(task.closed_at),
            )

    def _who(self, task: UserTask) -> Facts:
        rows = [
            ("办理人", f"{self.person(task.closed_by)}（{self.department(task.department)} {task.role}）"),
            ("办理时间", self.minute(task.closed_at)),
        ]
        if paper := task.paper:
            signed = f"{paper.get('signed_by')} {paper.get('signed_on')} 签署，文号 {paper.get('document_number')}"
            scan = paths(self.enclosures).get(str(paper.get("attachment_id")), "见报送材料")
            whose = str(paper.get("on_behalf_of") or "")
            rows += [(f"代录（{self.department(whose)}）" if whose else "纸质补录", signed), ("签字扫描件", scan)]
        return Facts(rows)

    def _draw(self) -> Iterator[Part]:
        if self.case.instance.process_key != "joint-inspection":
            return
        campaign = records.campaign(self.session, self.settings.district_id, self.case.instance.business_key)
        if not campaign.draw_id:
            return
        draw = records.draw(self.session, self.settings.district_id, campaign.draw_id)
        key = draw_log.public_key_hex(draw_log.log_key(self.settings.data_dir))
        said = draw_minutes.minutes(self.session, self.settings, draw, internal=True, address="", log_key=key)
        blocks = [b for b in said.blocks if not isinstance(b, QrCode | Signatures)]
        yield Part(
            "抽取记录", blocks, number=draw.draw_id, author=self.department(campaign.lead), on=self.day(draw.drawn_at)
        )
        rows = [
            [str(n), f"{i.object.get('name', '')}\n{i.uscc}", i.number, i.state, archived or "未归档"]
            for n, (i, archived) in enumerate(self._inspections(campaign.number), start=1)
        ]
        yield Part(
            "检查对象名单及案卷档号",
            [Listing(["序号", "检查对象", "检查编号", "状态", "档号"], rows, [1, 5, 4, 2, 4])],
            author=self.department(campaign.lead), on=self.day(self.file.archived_at),
        )  # fmt: skip

    def _inspections(self, campaign: str) -> Sequence[Any]:
        archived = (
            sa.select(CaseFile.archive_number)
            .where(
                CaseFile.district_id == Inspection.district_id, CaseFile.process_key == "inspection",
                CaseFile.business_key == Inspection.number, CaseFile.part == 1,
            )
            .scalar_subquery()
        )  # fmt: skip
        return self.session.execute(
            sa.select(Inspection, archived)
            .where(Inspection.district_id == self.settings.district_id, Inspection.campaign == campaign)
            .order_by(Inspection.number)
        ).all()

    def _documents(self) -> Iterator[Part]:
        """Issued documents: what they say where the data still say it, else a reference to the PDF handed over."""
        by_id = {i.id: i for i in self.case.instances}
        known = paths(self.enclosures)
        for row in official_documents.of_instances(self.session, list(by_id)):
            editions = official_documents.versions(self.session, row)
            state = f"已作废：{row.void_reason}" if row.state == "voided" else "有效"
            facts = [
                ("文号", row.number),
                ("状态", state),
                ("出具", f"{row.issued_by_name}　{self.minute(row.issued_at)}"),
            ]
            facts += [(f"第 {v.version} 版", known.get(v.id, "—")) for v in editions]
            scans = [known[a.id] for a in official_documents.scans(self.session, row) if a.id in known]
            facts.append(("签字扫描件", "\n".join(scans) or "没有登记"))
            blocks: list[Block] = [Facts(facts)]
            instance = by_id[row.instance_id]
            if row.state != "voided" and official_documents.unchanged(self.session, self.kernel, instance, row):
                said = official_documents.present(self.session, self.kernel, instance, row, editions[-1].made_at)
                blocks += said.blocks
            yield Part(row.title, blocks, row.number, self.department(row.department), self.day(row.issued_at))

    def _told(self) -> Iterator[Part]:
        """Who was told what, when, and what was not: of the case and of everything bound with it."""
        today = self.file.archived_at.astimezone(self.settings.timezone).date()
        told = told_in(
            self.session, self.settings, self.case.instances, duties(self.settings, today), self.file.archived_at
        )
        if told:
            yield Part("告知记录", [told_listing(told, self.settings)], author="系统记录",
                       on=self.day(self.file.archived_at))  # fmt: skip

    def _registers(self) -> Iterator[Part]:
        numbers = [i.business_key for i in self.case.instances]
        if tables_of := list(listings(self.session, self.settings.district_id, numbers)):
            yield Part("专门登记", tables_of, author="系统记录", on=self.day(self.file.archived_at))

    def _evidence(self) -> Iterator[Part]:
        if not self.enclosures:
            return
        rows = [
            [str(n), e.name, e.step or "—", f"{e.by}\n{self.minute(e.at)}", e.sha256]
            for n, e in enumerate(self.enclosures, start=1)
        ]
        listing = Listing(["序号", "文件", "步骤或文号", "提交人和时间", "SHA-256"], rows, [1, 4, 2.5, 3, 5])
        pictures = []
        for n, e in enumerate(self.enclosures, start=1):
            small = thumbnail(content(self.session, e)) if e.media_type in TYPES else None
            if small:
                pictures.append(Picture(small, [f"{n}　{e.name}", f"{e.by}　{self.minute(e.at)}"]))
        blocks: list[Block | Pictures] = [listing, *([Pictures(pictures)] if pictures else [])]
        yield Part(
            "证据和附件清单", blocks, author=self.department(self.file.department), on=self.day(self.file.archived_at)
        )

    def _course(self) -> Part:
        by_id = {i.id: i for i in self.case.instances}
        rows = []
        for entry in timeline(self.session, list(by_id), limit=EVENTS):
            if entry.kind in SILENT or entry.kind == "attachment-added":  # files have a list of their own
                continue
            process = by_id[entry.instance_id].process_key
            body = entry.body
            if entry.kind == "task-completed":
                decision = (body.get("values") or {}).get("decision")
                what = f"{body.get('name')}：{decision}" if decision else f"办结“{body.get('name')}”"
            elif entry.kind in {"instance-started", "instance-completed"}:
                words = STARTED if entry.kind == "instance-started" else ENDED
                what = words.get(process, "启动" if words is STARTED else "办结")
            else:
                what = WORDS.get(entry.kind, "登记")
            rows.append(
                [self.minute(entry.at), entry.actor_name or "系统", what + self.place(by_id[entry.instance_id])]
            )
        return Part(
            "办理经过", [Listing(["时间", "人员", "事项"], rows, [3, 2, 8])],
            author="系统记录", on=self.day(self.file.archived_at),
        )  # fmt: skip

    def _closing_note(self) -> Part:
        """卷内备考表: what is missing and why it was archived all the same."""
        file = self.file
        lacks = [f"{n}. {text}" for n, text in enumerate(file.missing, start=1)] or ["材料齐全。"]
        blocks: list[Block] = [Text(lacks, title="归档前检查")]
        if file.reason:
            blocks.append(Text([file.reason], title="补充归档的事由" if file.part > 1 else "材料不齐仍予归档的理由"))
        blocks.append(
            Text(
                ["本卷由系统根据办理记录自动装订，与 ZIP 档案包中的 index.json、原件和办理记录一并使用；"
                 "各文件的 SHA-256 和存在性证明在档案包内，可以用 lianjian verify-archive 离线核验。"],
                title="说明",
            )
        )  # fmt: skip
        blocks.append(Signatures([Signature("立卷人", name=self.person(file.archived_by)), Signature("检查人")]))
        return Part("卷内备考表", blocks, author=self.person(file.archived_by), on=self.day(file.archived_at))
