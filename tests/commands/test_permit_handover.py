"""审管信息移交 on both databases: handed over, signed for, sent back; both duties stay visible (R17)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput
from engine.inspection import permit_handovers, uscc
from engine.inspection.models import InspectedObject
from engine.inspection.permit_handovers import OpenHandover, OpenHandovers
from engine.inspection.registry_history import history_of
from engine.inspection.registry_models import PermitHandover
from engine.lint.bundle import read_bundle
from engine.models import Deadline, Department, ProcessInstance, User, UserTask
from engine.process_engine import ProcessEngine

FIRM, OTHER, UNKNOWN = (uscc.compose("91370105", f"XN00000{n}") for n in (1, 2, 3))
DISTRICT = "370105"


def permit(code: str, number: str, **changes: Any) -> dict[str, Any]:
    return {
        "uscc": code, "object": f"演示{code[-3:]}有限公司", "name": "食品经营许可证", "number": number,
        "issued": "2026-02-27", "expires": "", "issuer": "", **changes,
    }  # fmt: skip


@pytest.fixture
def office(engine: ProcessEngine) -> ProcessEngine:
    with engine.database.write() as session:
        for place in ("SPJ", "SCJG", "WJJ"):
            session.add(Department(district_id=DISTRICT, code=place, name=f"{place}局"))
        for code, supervisor in ((FIRM, ""), (OTHER, "WJJ")):
            session.add(
                InspectedObject(
                    id=new_id(), district_id=DISTRICT, uscc=code, name=f"演示{code[-3:]}有限公司", kind="企业",
                    supervisor=supervisor, permits=[{"name": "食品经营许可证", "number": "旧", "expires": ""}],
                    row_digest="-", created_at=engine.clock(), updated_at=engine.clock(),
                )
            )  # fmt: skip
    bundle = read_bundle(engine.settings.process_dir / "permit-handover", engine.settings.form_dir)
    engine.execute(Deploy("permit-handover", bundle), actor=Actor.system())
    return engine


def officer(engine: ProcessEngine, department: str) -> Actor:
    user_id = new_id()
    with engine.database.write() as session:
        session.add(
            User(
                id=user_id, district_id=DISTRICT, login=f"o-{department}-{user_id[-6:]}", name=f"演示·{department}",
                department=department, password_hash="-", created_at=engine.clock(),
            )
        )  # fmt: skip
    return Actor(user_id, f"演示·{department}", department, frozenset({f"{department}/承办人"}))


def open_tasks(engine: ProcessEngine) -> list[UserTask]:
    with engine.read() as session:
        return list(session.scalars(sa.select(UserTask).where(UserTask.state == "open").order_by(UserTask.id)))


def submit(engine: ProcessEngine, actor: Actor, values: dict[str, Any]) -> None:
    (found,) = open_tasks(engine)
    engine.execute(CompleteTask(found.id, found.version, values), actor=actor)


def stored(engine: ProcessEngine, code: str) -> InspectedObject:
    with engine.read() as session:
        return session.scalars(sa.select(InspectedObject).where(InspectedObject.uscc == code)).one()


def states(engine: ProcessEngine) -> list[str]:
    with engine.read() as session:
        return list(session.scalars(sa.select(PermitHandover.state).order_by(PermitHandover.number)))


def test_a_permit_is_signed_for_in_time_and_both_duties_stay_visible(office: ProcessEngine) -> None:
    sender, receiver = officer(office, "SPJ"), officer(office, "SCJG")
    number = office.execute(OpenHandover("SPJ"), actor=sender)
    assert number == "SPJ-审管移交-2026-0001"
    wrong = [permit(FIRM, "A1", expires="2026-01-01"), permit(OTHER, "A1")]
    with pytest.raises(InvalidInput) as refused:
        submit(office, sender, {"supervisor": "SPJ", "permits": wrong})
    assert set(refused.value.fields) == {"supervisor"}  # nobody may be picked who is not offered
    with pytest.raises(InvalidInput) as refused:
        submit(office, sender, {"supervisor": "SCJG", "permits": wrong})
    assert set(refused.value.fields) == {"permits[0].expires", "permits[1].number"}
    permits = [permit(FIRM, "A1"), permit(OTHER, "旧", expires="2031-01-01"), permit(UNKNOWN, "A3")]
    submit(office, sender, {"supervisor": "SCJG", "permits": permits})
    (task,) = open_tasks(office)
    assert (task.element_id, task.department, task.due_at is not None) == ("sign", "SCJG", True)
    with office.read() as session:
        deadline = session.scalars(sa.select(Deadline)).one()
        assert (deadline.name, deadline.rule, deadline.department) == ("permit-handover", "5wd", "SCJG")
        context = office.task_view(session, session.get_one(UserTask, task.id)).context
        assert "演示" in str(context["facts"]) and len(context["permits"]) == 3
    with pytest.raises(Forbidden):
        submit(office, sender, {"decision": "全部签收"})
    submit(office, receiver, {"decision": "全部签收"})
    firm, other, new = stored(office, FIRM), stored(office, OTHER), stored(office, UNKNOWN)
    assert firm.supervisor == "SCJG" and [p["number"] for p in firm.permits] == ["旧", "A1"]
    assert firm.permits[1] == {
        "name": "食品经营许可证", "number": "A1", "issued": "2026-02-27", "expires": "", "issuer": "SPJ局",
        "supervisor": "SCJG", "handover": number,
    }  # fmt: skip
    assert other.supervisor == "WJJ"  # moving it is a registry change with its second check
    assert [(p["number"], p["expires"], p["supervisor"]) for p in other.permits] == [("旧", "2031-01-01", "SCJG")]
    assert new.to_verify.startswith("审管移交新增") and new.supervisor == "SCJG" and new.kind == "企业"
    with office.read() as session:
        (change,) = history_of(session, DISTRICT, "objects", FIRM)
        assert (change.source, change.reference, change.by_user) == ("handover", number, receiver.user_id)
        assert set(change.changes) == {"permits", "supervisor"}
        assert session.scalar(sa.select(ProcessInstance.status)) == "completed"
        assert session.scalars(sa.select(Deadline.met_at)).one() is not None


def test_what_was_sent_to_the_wrong_department_comes_back_and_goes_to_the_right_one(office: ProcessEngine) -> None:
    sender, wrong, right = officer(office, "SPJ"), officer(office, "SCJG"), officer(office, "WJJ")
    office.execute(OpenHandover("SPJ"), actor=sender)
    submit(office, sender, {"supervisor": "SCJG", "permits": [permit(FIRM, "A1"), permit(OTHER, "A2")]})
    with office.read() as session:
        numbers = list(session.scalars(sa.select(PermitHandover.number).order_by(PermitHandover.number)))
    every = {"decision": "部分退回", "returned": numbers, "return_reason": "由卫生健康局主管"}
    with pytest.raises(InvalidInput, match="全部退回"):
        submit(office, wrong, every)
    submit(office, wrong, {**every, "returned": numbers[1:]})
    assert states(office) == ["已签收", "已退回"]
    submit(office, sender, {"decision": "改交", "supervisor": "WJJ", "remark": "三定规定第五条"})
    (task,) = open_tasks(office)
    assert (task.element_id, task.department) == ("sign", "WJJ")
    submit(office, right, {"decision": "全部退回", "return_reason": "许可证已经注销"})
    submit(office, sender, {"decision": "不再移交", "remark": "许可证已经注销"})
    assert states(office) == ["已签收", "不再移交"]
    assert [p["number"] for p in stored(office, OTHER).permits] == ["旧"]


def test_a_file_with_many_permits_opens_one_handover_for_each_receiving_department(
    office: ProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permit_handovers, "_CHUNK", 150)  # signed for in several parts
    sender, receiver = officer(office, "SPJ"), officer(office, "SCJG")
    codes = [uscc.compose("91370105", f"XM{n:06d}") for n in range(600)]
    permits = tuple({**permit(code, f"M{n}"), "supervisor": "SCJG" if n % 3 else "WJJ"} for n, code in enumerate(codes))
    with pytest.raises(Forbidden):
        office.execute(OpenHandovers("SPJ", permits), actor=receiver)
    with pytest.raises(InvalidInput):
        office.execute(OpenHandovers("SPJ", ()), actor=sender)
    numbers = office.execute(OpenHandovers("SPJ", permits), actor=sender)
    assert numbers == ["SPJ-审管移交-2026-0001", "SPJ-审管移交-2026-0002"]
    task = next(t for t in open_tasks(office) if t.department == "SCJG")
    office.execute(CompleteTask(task.id, task.version, {"decision": "全部签收"}), actor=receiver)
    with office.read() as session:
        count = sa.select(sa.func.count()).select_from(InspectedObject).where(InspectedObject.supervisor == "SCJG")
        assert session.scalar(count) == 400
