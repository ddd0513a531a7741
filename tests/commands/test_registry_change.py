"""名录变更 on both databases: proposed, checked, effective; nothing of another's work is overwritten unseen."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import uscc
from engine.inspection.gate import ALIVE
from engine.inspection.models import InspectedObject, Inspector
from engine.inspection.registry_edit import OpenRegistryChange, WithdrawRegistryChange, open_request
from engine.inspection.registry_history import history_of
from engine.inspection.registry_import import import_registry
from engine.inspection.registry_models import ChangeRequest
from engine.inspection.registry_proposals import statuses
from engine.lint.bundle import read_bundle
from engine.models import Department, ProcessInstance, User, UserTask
from engine.process_engine import ProcessEngine
from engine.settings import Settings

FIRM, OTHER = uscc.compose("91370105", "XN000001"), uscc.compose("91370105", "XN000002")
DISTRICT = "370105"
PERMIT = {"name": "卫生许可证", "number": "W1", "issued": "", "expires": "", "issuer": "", "supervisor": "WJJ"}


def person(engine: ProcessEngine, login: str, department: str, *roles: str) -> Actor:
    user_id = new_id()
    with engine.database.write() as session:
        session.add(
            User(
                id=user_id, district_id=DISTRICT, login=login, name=f"演示·{login}", department=department,
                password_hash="-", created_at=engine.clock(),
            )
        )  # fmt: skip
    return Actor(user_id, f"演示·{login}", department, frozenset(f"{department}/{role}" for role in roles))


@pytest.fixture
def office(engine: ProcessEngine) -> ProcessEngine:
    """Two departments, one firm the health department supervises, one inspector, the process deployed."""
    now = engine.clock()
    with engine.database.write() as session:
        for place, name in (("SCJG", "市场监督管理局"), ("WJJ", "卫生健康局")):
            session.add(Department(district_id=DISTRICT, code=place, name=name))
        session.add(
            InspectedObject(
                id=new_id(), district_id=DISTRICT, uscc=FIRM, name="济南演示一有限公司", kind="企业", address="旧址",
                supervisor="WJJ", permits=[PERMIT], row_digest="-", created_at=now, updated_at=now,
            )
        )  # fmt: skip
        session.add(
            Inspector(
                id=new_id(), district_id=DISTRICT, code="WJJ-001", name="演示甲", department="WJJ",
                certificate_number="SD-1", row_digest="-", created_at=now, updated_at=now,
            )
        )  # fmt: skip
    bundle = read_bundle(engine.settings.process_dir / "registry-change", engine.settings.form_dir)
    engine.execute(Deploy("registry-change", bundle), actor=Actor.system())
    return engine


def task(engine: ProcessEngine) -> UserTask:
    with engine.read() as session:
        return session.scalars(sa.select(UserTask).where(UserTask.state == "open")).one()


def submit(engine: ProcessEngine, actor: Actor, values: dict[str, Any]) -> None:
    found = task(engine)
    engine.execute(CompleteTask(found.id, found.version, values), actor=actor)


def as_shown(engine: ProcessEngine, **changes: Any) -> dict[str, Any]:
    """What the page posts when the official changes only ``changes``: every field as it was shown."""
    with engine.read() as session:
        view = engine.task_view(session, session.get_one(UserTask, task(engine).id))
        assert view.form is not None
        return {**view.form.with_defaults(view.context, view.context["previous"]), "reason": "换发营业执照", **changes}


def stored(engine: ProcessEngine, key: str = FIRM) -> InspectedObject:
    with engine.read() as session:
        return session.scalars(sa.select(InspectedObject).where(InspectedObject.uscc == key)).one()


def request_state(engine: ProcessEngine) -> str:
    with engine.read() as session:
        return session.scalars(sa.select(ChangeRequest.state).order_by(ChangeRequest.number.desc())).first() or ""


@pytest.fixture
def officer(office: ProcessEngine) -> Actor:
    return person(office, "officer", "WJJ", "承办人", "科室负责人")


@pytest.fixture
def section(office: ProcessEngine) -> Actor:
    return person(office, "section", "WJJ", "科室负责人")


@pytest.fixture
def regulator(office: ProcessEngine) -> Actor:
    return person(office, "regulator", "SCJG", "科室负责人")


def test_only_changed_fields_are_kept_and_become_effective_with_their_history(
    office: ProcessEngine, officer: Actor, section: Actor
) -> None:
    number = office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    assert number == "WJJ-名录变更-2026-0001"
    submit(office, officer, as_shown(office, address="新址 1 号", tags="重点行业、学校周边"))
    assert stored(office).address == "旧址"
    with pytest.raises(Forbidden):  # the proposer is a head of section too, and may still not check the own proposal
        submit(office, officer, {"decision": "同意"})
    submit(office, section, {"decision": "同意"})
    row = stored(office)
    assert (row.address, row.tags, row.name) == ("新址 1 号", ["重点行业", "学校周边"], "济南演示一有限公司")
    assert row.permits[0]["supervisor"] == "WJJ"
    with office.read() as session:
        (change,) = history_of(session, DISTRICT, "objects", FIRM)
        assert change.changes == {"address": ["旧址", "新址 1 号"], "tags": [[], ["重点行业", "学校周边"]]}
        assert (change.source, change.reference, change.reason) == ("request", number, "换发营业执照")
        assert change.by_user == officer.user_id
        request = session.scalars(sa.select(ChangeRequest)).one()
        assert request.state == "已生效" and request.checked_by == section.user_id
        assert open_request(session, DISTRICT, "objects", FIRM) is None


def test_nothing_changed_is_said_and_faulty_fields_are_named_together(office: ProcessEngine, officer: Actor) -> None:
    office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    with pytest.raises(InvalidInput, match="没有改动任何一项"):
        submit(office, officer, as_shown(office))
    with pytest.raises(InvalidInput) as refused:
        submit(office, officer, as_shown(office, industry="X999", risk_grade="很高的风险等级级级级级级"))
    assert {"industry", "risk_grade"} & set(refused.value.fields)
    assert task(office).element_id == "propose_object"


def test_a_changed_grade_or_supervisor_needs_the_market_regulators_second_check(
    office: ProcessEngine, officer: Actor, section: Actor, regulator: Actor
) -> None:
    office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    submit(office, officer, as_shown(office, risk_grade="C"))
    submit(office, section, {"decision": "同意"})
    second = task(office)
    assert (second.element_id, second.department) == ("second_check", "SCJG")
    submit(office, regulator, {"decision": "退回", "return_reason": "评定结果未送达"})
    assert request_state(office) == "已退回"
    again = as_shown(office, reason="附评定结果通知")
    assert again["risk_grade"] == "C"  # what was proposed is still there
    submit(office, officer, again)
    submit(office, section, {"decision": "同意"})
    submit(office, regulator, {"decision": "同意"})
    assert stored(office).risk_grade == "C" and request_state(office) == "已生效"


def test_a_row_that_changed_in_between_is_not_overwritten_but_shown_with_both_values(
    office: ProcessEngine, officer: Actor, section: Actor
) -> None:
    office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    submit(office, officer, as_shown(office, address="申请的新址"))
    with office.database.write() as session:
        session.execute(sa.update(InspectedObject).values(address="导入的新址", phone="88888888"))
    submit(office, section, {"decision": "同意"})
    assert stored(office).address == "导入的新址"
    assert task(office).element_id == "propose_object" and request_state(office) == "已退回"
    with office.read() as session:
        view = office.task_view(session, session.get_one(UserTask, task(office).id))
        said = str(view.context["facts"])
        assert "提出时为“旧址”，现在是“导入的新址”" in said and "申请的新址" in said
        assert history_of(session, DISTRICT, "objects", FIRM) == []
    submit(office, officer, as_shown(office))  # the proposal stands, now upon the new values
    submit(office, section, {"decision": "同意"})
    assert (stored(office).address, stored(office).phone) == ("申请的新址", "88888888")


def test_fields_others_changed_do_not_disturb_a_proposal_about_another_field(
    office: ProcessEngine, officer: Actor, section: Actor
) -> None:
    office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    submit(office, officer, as_shown(office, address="申请的新址"))
    with office.database.write() as session:
        session.execute(sa.update(InspectedObject).values(phone="88888888"))
    submit(office, section, {"decision": "同意"})
    assert (stored(office).address, stored(office).phone) == ("申请的新址", "88888888")


def test_a_form_opened_before_an_import_does_not_undo_what_the_import_changed(
    office: ProcessEngine, officer: Actor, section: Actor, clock: Any
) -> None:
    office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    clock.advance(minutes=5)
    posted = as_shown(office, address="申请的新址")
    text = f"统一社会信用代码,检查对象名称,联系电话\n{FIRM},济南演示一有限公司,88888888\n"
    stream = io.BytesIO(text.encode())
    import_registry(office.database, "objects", stream, now=office.clock(), district_id=DISTRICT)
    submit(office, officer, posted)
    submit(office, section, {"decision": "同意"})
    assert (stored(office).address, stored(office).phone) == ("申请的新址", "88888888")


def test_a_new_firm_enters_the_registry_once(office: ProcessEngine, officer: Actor, section: Actor) -> None:
    number = office.execute(OpenRegistryChange("objects", "新增"), actor=officer)
    with pytest.raises(InvalidInput, match="已在名录库中"):
        submit(office, officer, as_shown(office, uscc=FIRM, name="重复", kind="企业"))
    submit(office, officer, as_shown(office, uscc=OTHER, name="济南演示二有限公司", kind="企业", address="甲路"))
    submit(office, section, {"decision": "同意"})
    row = stored(office, OTHER)
    assert (row.name, row.status, row.to_verify, row.import_id) == ("济南演示二有限公司", "存续", "", None)
    with office.read() as session:
        (change,) = history_of(session, DISTRICT, "objects", OTHER)
        assert change.reference == number and change.changes["address"] == [None, "甲路"]


def test_out_of_use_and_back_again(office: ProcessEngine, officer: Actor, section: Actor) -> None:
    for kind, status in (("停用", "注销"), ("恢复", "存续")):
        office.execute(OpenRegistryChange("objects", kind, FIRM), actor=officer)
        submit(office, officer, as_shown(office, status=status, address="不应变动"))
        submit(office, section, {"decision": "同意"})
        assert (stored(office).status, stored(office).address) == (status, "旧址")


def test_one_request_a_row_and_only_those_who_may(office: ProcessEngine, officer: Actor, section: Actor) -> None:
    number = office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    with pytest.raises(Conflict) as busy:
        office.execute(OpenRegistryChange("objects", "停用", FIRM), actor=officer)
    assert busy.value.details["number"] == number
    with pytest.raises(NotFound):
        office.execute(OpenRegistryChange("objects", "变更", OTHER), actor=officer)
    with pytest.raises(Forbidden):
        office.execute(OpenRegistryChange("objects", "变更", OTHER), actor=section)
    stranger = person(office, "stranger", "SCJG", "承办人")
    with pytest.raises(Forbidden, match="所在部门"):
        office.execute(OpenRegistryChange("inspectors", "变更", "WJJ-001"), actor=stranger)
    with pytest.raises(InvalidInput):
        office.execute(OpenRegistryChange("items", "变更", "X"), actor=officer)


def test_a_request_is_taken_back_while_it_waits_and_never_afterwards(
    office: ProcessEngine, officer: Actor, section: Actor
) -> None:
    number = office.execute(OpenRegistryChange("objects", "变更", FIRM), actor=officer)
    submit(office, officer, as_shown(office, address="申请的新址"))
    with pytest.raises(InvalidInput):
        office.execute(WithdrawRegistryChange(number, " "), actor=officer)
    with pytest.raises(Forbidden):
        office.execute(WithdrawRegistryChange(number, "不再需要"), actor=section)
    office.execute(WithdrawRegistryChange(number, "不再需要"), actor=officer)
    assert request_state(office) == "已撤回" and stored(office).address == "旧址"
    with office.read() as session:
        assert session.scalar(sa.select(ProcessInstance.status)) == "completed"
    with pytest.raises(Conflict, match="已撤回"):
        office.execute(WithdrawRegistryChange(number, "不再需要"), actor=officer)


def test_uncertified_staff_and_experts_cannot_be_proposed_as_drawable(
    office: ProcessEngine, officer: Actor, section: Actor
) -> None:
    office.execute(OpenRegistryChange("inspectors", "变更", "WJJ-001"), actor=officer)
    with pytest.raises(InvalidInput) as refused:
        submit(office, officer, as_shown(office, certificate_number=""))
    assert "drawable" in refused.value.fields
    with pytest.raises(InvalidInput, match="有误"):
        submit(office, officer, as_shown(office, qualification_until="食品:明天"))
    submit(
        office, officer, as_shown(office, qualification_until="食品安全检查:2027/6/30", specialities="食品、特种设备")
    )
    submit(office, section, {"decision": "同意"})
    with office.read() as session:
        row = session.scalars(sa.select(Inspector)).one()
        assert row.qualification_until == {"食品安全检查": "2027-06-30"} and row.specialities == ["食品", "特种设备"]
        assert len(history_of(session, DISTRICT, "inspectors", "WJJ-001")) == 1


def test_states_out_of_use_are_those_the_draw_leaves_out(clock: Any) -> None:
    day = clock().date()
    settings = Settings()
    assert {o["value"] for o in statuses(settings, "objects", True, day)} <= ALIVE
    assert not {o["value"] for o in statuses(settings, "objects", False, day)} & ALIVE
    assert [o["value"] for o in statuses(settings, "inspectors", True, day)] == ["在岗"]
