"""Fictitious inspectors (执法检查人员) of the demo district, in the import's columns."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from engine.inspection.demo.departments import ORGANS, Organ
from engine.inspection.demo.items import DemoItem
from engine.inspection.demo.places import PLACES

HEADER = (
    "人员编号", "姓名", "所属部门", "科室", "职务", "职称", "学历", "负责片区", "执法证号", "发证机关",
    "证件有效期至", "执法资质", "对应抽查事项", "是否专家", "是否参与抽取", "人员状态", "联系电话",
)  # fmt: skip

#: The first of every department are whole-district officers qualified for all its items; accounts link to them.
ALL_ROUND = 8

_POSTS = ("一级行政执法员", "二级行政执法员", "三级主任科员", "四级主任科员", "一级科员", "副科长")
_EDUCATION = ("大学本科", "大学本科", "大学本科", "硕士研究生", "大学专科")


def inspector_name(organ: Organ, number: int) -> str:
    """A name nobody bears, the same in the registry and in the account."""
    return f"演示·检查员{number:03d}({organ.short})"


def head_counts(total: int) -> dict[str, int]:
    """Inspectors of each department, by its share, at least four each, ``total`` in all when that allows."""
    whole = sum(organ.inspectors for organ in ORGANS)
    counts = {organ.code: max(4, total * organ.inspectors // whole) for organ in ORGANS}
    largest = max(ORGANS, key=lambda organ: organ.inspectors).code
    counts[largest] = max(4, counts[largest] + total - sum(counts.values()))
    return counts


def inspector_rows(rng: Random, total: int, items: list[DemoItem]) -> Iterator[tuple[str, ...]]:
    """``total`` rows under :data:`HEADER`: specialities with their items, areas, a few who cannot be drawn."""
    counts = head_counts(total)
    certificate = 0
    for organ in ORGANS:
        own = [item for item in items if item.department == organ.code]
        specialities = list(dict.fromkeys(item.speciality for item in own))
        for number in range(1, counts[organ.code] + 1):
            certificate += 1
            all_round = number <= ALL_ROUND
            if all_round or not specialities:
                known = specialities
            else:  # the first speciality in turn, so that none is left without officers
                known = [
                    specialities[number % len(specialities)],
                    *rng.sample(specialities, rng.randint(0, 2) % len(specialities)),
                ]
                known = list(dict.fromkeys(known))
            home = PLACES[number % len(PLACES)]
            area = [] if all_round or rng.random() < 0.5 else [home, *rng.sample(PLACES, 3)]
            state = "" if all_round else _state(rng.random())
            certified = state not in ("uncertified", "expert")
            if organ.code == "SCJG" and area:
                section = f"{home.name.removesuffix('街道')}市场监督管理所"
            else:
                section = f"{known[0] if known else '综合'}科"
            yield (
                f"{organ.code}-{number:03d}",
                inspector_name(organ, number),
                organ.code,
                section,
                _POSTS[number % len(_POSTS)],
                "高级工程师" if state == "expert" else "",
                _EDUCATION[number % len(_EDUCATION)],
                "；".join(dict.fromkeys(place.code for place in area)),
                f"演示15{certificate:06d}" if certified else "",
                "山东省人民政府（演示）" if certified else "",
                _valid_until(state, number) if certified else "",
                "；".join(known),
                "；".join(item.code for item in own if item.speciality in known),
                "是" if state == "expert" else "否",
                "是" if certified else "否",
                "借调" if state == "away" else "在岗",
                f"0531-0001{certificate:04d}",
            )


def _state(chance: float) -> str:
    """Why somebody cannot be drawn, for about one in fifteen; empty for the rest."""
    for limit, state in ((0.015, "uncertified"), (0.03, "expired"), (0.045, "expert"), (0.065, "away")):
        if chance < limit:
            return state
    return ""


def _valid_until(state: str, number: int) -> str:
    return "2025-12-31" if state == "expired" else f"{2031 + number % 4}-06-30"
