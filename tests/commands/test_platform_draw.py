"""A draw made on the provincial platform is taken over with its number and receipt; nothing is typed again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.commands.add_attachment import AddAttachment
from engine.errors import InvalidInput
from engine.inspection import disclosure, records
from engine.inspection.draw_verify import verify
from engine.inspection.drawn import assignments
from engine.inspection.models import Draw, Inspection
from engine.process_engine import ProcessEngine
from tests.support.draw_district import District, uscc

LIST = "\n".join(
    [
        "统一社会信用代码,部门代码,检查人员编号",
        f"{uscc(0)},SCJG,SCJG-001、SCJG-002",
        f"{uscc(0)},WJJ,WJJ-001、WJJ-003",
        f"{uscc(5)},SCJG,SCJG-003、SCJG-002",
        "",
    ]
)


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    made = District.make(engine, objects=20)
    made.open_campaign()
    made.approve_plan(draw_source="省工作平台")
    return made


def upload(district: District, content: bytes) -> dict[str, object]:
    task = district.task("import_platform_draw")
    attachment = district.engine.execute(
        AddAttachment(task.id, "result_file", "抽取结果.csv", "text/csv", content),
        actor=district.people["officer-SCJG"],
    )
    return {
        "platform_number": "SD-370105-2026-000123", "receipt": "HZ202603020001",
        "drawn_at": "2026-03-02T08:00:00+08:00", "result_file": [attachment], "confirmed": True,
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_platforms_list_becomes_the_inspections(district: District, encoding: str) -> None:
    district.do("import_platform_draw", "officer-SCJG", upload(district, LIST.encode(encoding)))
    for organ in ("SCJG", "YJJ", "WJJ"):
        district.do("organ_approval", f"head-{organ}", {"decision": "同意"}, organ)
    with district.engine.read() as session:
        draw = session.scalar(sa.select(Draw))
        assert draw is not None and (draw.state, draw.origin, draw.receipt) == (
            "imported",
            "province",
            "HZ202603020001",
        )
        assert assignments(draw)[uscc(0), "WJJ"] == ["WJJ-001", "WJJ-003"]
        rows = session.scalars(sa.select(Inspection).order_by(Inspection.number)).all()
        assert [(r.number, r.uscc, r.departments) for r in rows] == [
            ("SD-370105-2026-000123/0001", uscc(0), ["SCJG", "WJJ"]),
            ("SD-370105-2026-000123/0002", uscc(5), ["SCJG"]),
        ]
        record = disclosure.public_record(session, district.engine.settings, draw, district.engine.clock())
    assert set(record) == {"commitment.json", "log.json", "log.tsv"}
    assert "HZ202603020001" in record["log.tsv"]


def test_every_wrong_line_is_named_with_its_remedy_and_nothing_is_kept(district: District) -> None:
    wrong = "\n".join(
        [
            f"{uscc(0)},SCJG,SCJG-001",
            f"{uscc(999)},SCJG,SCJG-001、SCJG-002",
            f"{uscc(1)},GAJ,SCJG-001、SCJG-002",
            f"{uscc(1)},SCJG,SCJG-001、WJJ-002",
            f"{uscc(2)},SCJG",
            f"{uscc(3)},SCJG,SCJG-001、SCJG-002",
            f"{uscc(3)},SCJG,SCJG-001、SCJG-002",
        ]
    )
    with pytest.raises(InvalidInput) as refused:
        district.do("import_platform_draw", "officer-SCJG", upload(district, wrong.encode()))
    said = refused.value.fields["result_file"]
    assert [message.split("：")[0] for message in said] == [f"第 {n} 行" for n in (1, 2, 3, 4, 5, 7)]
    with district.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Draw)) == 0


def test_an_empty_list_and_a_number_used_before_are_refused(district: District) -> None:
    with pytest.raises(InvalidInput):
        district.do("import_platform_draw", "officer-SCJG", upload(district, "统一社会信用代码,部门代码\n".encode()))
    district.do("import_platform_draw", "officer-SCJG", upload(district, LIST.encode()))
    first = district.campaign
    district.open_campaign()
    assert district.campaign != first
    district.approve_plan(draw_source="省工作平台")
    with pytest.raises(InvalidInput) as refused:
        district.do("import_platform_draw", "officer-SCJG", upload(district, LIST.encode()))
    assert "platform_number" in refused.value.fields


def test_a_removed_object_of_a_platform_draw_leaves_no_substitute(district: District) -> None:
    district.do("import_platform_draw", "officer-SCJG", upload(district, LIST.encode()))
    removal = {"uscc": uscc(5), "reason": "已注销、吊销或者迁出", "evidence": "登记机关证明"}
    district.do("organ_approval", "head-SCJG", {"decision": "同意", "removals": [removal]}, "SCJG")
    for organ in ("YJJ", "WJJ"):
        district.do("organ_approval", f"head-{organ}", {"decision": "同意"}, organ)
    with district.engine.read() as session:
        assert list(session.scalars(sa.select(Inspection.uscc))) == [uscc(0)]
        draw = records.draw(session, "370105", "SD-370105-2026-000123")
        record = disclosure.public_record(session, district.engine.settings, draw, district.engine.clock())
    assert [line.split("\t")[0] for line in record["log.tsv"].splitlines()] == ["import", "change"]
    report = verify(record)
    assert report.level == "commitment" and report.ok, report.text()
