"""Who inspects: the rule, its limits, and what it says when it cannot be kept."""

from __future__ import annotations

import pytest

from engine.inspection.assignment import Candidate, Infeasible, Job, assign, job_order, next_candidate

SEED = "18602071746e65e807e5104561d0a281e87a7af40ae2c9acc43e3e355e744cb3"


def job(number: int, department: str = "SCJG", region: str = "R1", items: tuple[str, ...] = ("I1",)) -> Job:
    return Job(f"O{number:03d}|{department}", (f"O{number:03d}",), department, region, items)


def people(count: int, department: str = "SCJG", regions=("R1",), items=("I1",), prefix: str = "P") -> list[Candidate]:
    return [Candidate(f"{prefix}{n:03d}", department, tuple(regions), tuple(items)) for n in range(count)]


def test_every_job_gets_a_qualified_officer_and_another_person():
    jobs = [job(n) for n in range(40)]
    staff = people(5) + people(5, items=(), prefix="U")
    pairs = assign(jobs, staff, seed=SEED)
    assert set(pairs) == {j.job for j in jobs}
    for first, second in pairs.values():
        assert first.startswith("P") and first != second
    assert list(pairs) == [j.job for j in job_order(jobs, SEED)]


def test_loads_stay_within_one_when_everybody_may_do_everything():
    pairs = assign([job(n) for n in range(33)], people(8), seed=SEED)
    loads: dict[str, int] = {}
    for pair in pairs.values():
        for person in pair:
            loads[person] = loads.get(person, 0) + 1
    assert max(loads.values()) - min(loads.values()) <= 1


def test_the_order_in_which_jobs_and_people_are_listed_does_not_matter():
    jobs = [job(n) for n in range(25)]
    staff = people(7)
    recusals = [("P001", "O003"), ("P002", "O003")]
    assert assign(jobs, staff, recusals, seed=SEED) == assign(jobs[::-1], staff[::-1], recusals[::-1], seed=SEED)


def test_a_recused_inspector_never_visits_the_object():
    jobs = [job(n) for n in range(30)]
    recusals = [(f"P{n % 4:03d}", f"O{n:03d}") for n in range(30)]
    pairs = assign(jobs, people(4), recusals, seed=SEED)
    for inspector, object_id in recusals:
        assert inspector not in pairs[f"{object_id}|SCJG"]


def test_one_recusal_in_a_group_bars_the_whole_group():
    grouped = Job("G1|SCJG", ("O001", "O002", "O003"), "SCJG", "R1", ("I1",))
    pairs = assign([grouped], people(3), [("P001", "O002")], seed=SEED)
    assert "P001" not in pairs["G1|SCJG"]


def test_department_region_and_every_item_count():
    staff = [
        *people(2, items=("I1", "I2"), prefix="A"),
        *people(2, items=("I1",), prefix="B"),
        *people(2, regions=("R2",), items=("I1", "I2"), prefix="C"),
        *people(2, department="YJJ", items=("I1", "I2"), prefix="D"),
    ]
    pairs = assign([job(n, items=("I1", "I2")) for n in range(12)], staff, seed=SEED)
    assert {first[0] for first, _ in pairs.values()} == {"A"}
    assert {second[0] for _, second in pairs.values()} <= {"A", "B"}


def test_look_ahead_keeps_the_only_officer_for_the_job_that_needs_them():
    """P000 alone is qualified for I2; greedy would spend them on an I1 job first."""
    staff = [Candidate("P000", "SCJG", ("R1",), ("I1", "I2")), *people(3, items=("I1",), prefix="Q")]
    for trial in range(20):
        pairs = assign([job(1), job(2, items=("I2",))], staff, seed=f"{trial:064x}", per_inspector=1)
        assert pairs["O002|SCJG"][0] == "P000"


def test_a_shortage_is_said_in_words():
    jobs = [job(n) for n in range(40)]
    staff = people(9) + people(40, items=(), prefix="U")
    with pytest.raises(Infeasible) as caught:
        assign(jobs, staff, seed=SEED, per_inspector=2)
    (shortage,) = caught.value.shortages
    assert (shortage.qualified_slots, shortage.inspectors, shortage.capacity, shortage.short) == (40, 9, 18, 22)
    said = caught.value.words({"SCJG": "市场监督管理局", "I1": "登记事项检查", "R1": "无影山街道"})
    assert said == (
        "需要专业执法人员名额 40 个（部门 市场监督管理局，片区 无影山街道，事项 登记事项检查）；"
        "符合条件 9 人，最多可承担 18 个；缺 22 个。"
    )


def test_separate_shortages_are_reported_separately_and_all_at_once():
    jobs = [job(1), job(2, department="YJJ"), job(3, region="R2")]
    with pytest.raises(Infeasible) as caught:
        assign(jobs, people(2) + people(1, department="YJJ", prefix="Y"), seed=SEED)
    found = {(s.departments, s.regions, s.short) for s in caught.value.shortages}
    assert found == {(("YJJ",), ("R1",), 1), (("SCJG",), ("R2",), 2)}


def test_many_short_places_of_one_department_are_one_sentence_whose_numbers_add_up():
    jobs = [job(n, region=f"R{n}") for n in range(40)] + [job(n, department=f"D{n}") for n in range(50, 62)]
    with pytest.raises(Infeasible) as caught:
        assign(jobs, people(1, regions=("R1",)), seed=SEED)
    assert len(caught.value.shortages) == 52
    said = caught.value.words()
    assert said.startswith("需要专业执法人员名额 40 个、第二名执法人员名额 40 个（部门 SCJG，片区 R0、R1、R10")
    assert "等 40 个" in said and "缺 79 个" in said and "此外还有 5 处共缺 10 个。" in said


def test_loads_already_taken_count_towards_the_cap():
    staff = people(3)
    pairs = assign([job(1)], staff, seed=SEED, per_inspector=2, loads={"P000": 2})
    assert "P000" not in pairs["O001|SCJG"]
    with pytest.raises(Infeasible):
        assign([job(1)], staff, seed=SEED, per_inspector=2, loads={"P000": 2, "P001": 2})


def test_a_recusal_after_the_draw_calls_the_next_candidate_of_that_slot_only():
    staff = people(6) + people(3, items=(), prefix="U")
    one = job(1)
    pair = assign([one], staff, seed=SEED)[one.job]
    loads = dict.fromkeys(pair, 1)
    recusals = [(pair[0], "O001")]
    officer = next_candidate(one, 0, pair, staff, recusals, loads, seed=SEED)
    assert officer is not None and officer.startswith("P") and officer not in pair
    # the same person stands next when the recusal was known before the draw and the load is equal
    assert assign([one], [p for p in staff if p.id not in pair], seed=SEED)[one.job][0] == officer
    assert next_candidate(one, 0, ["P000", "P001"], people(2), [], {}, seed=SEED) is None
    assert next_candidate(one, 1, ["P000", "P001"], people(3), [], {"P002": 4}, seed=SEED, per_inspector=4) is None


def test_sm3_draws_give_their_own_pairs():
    jobs = [job(n) for n in range(20)]
    assert assign(jobs, people(8), seed=SEED, hash_name="sm3") != assign(jobs, people(8), seed=SEED)
