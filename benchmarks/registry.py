"""The object registry over HTTP with a million objects: the first page of every filter and order, and later pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import sqlalchemy as sa

from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.inbox_rows import DISTRICT
from benchmarks.measure import percentile
from benchmarks.places import Place
from benchmarks.registry_rows import LOADED, RARE, load
from benchmarks.serving import Answer, Browser, Served, serving
from benchmarks.system import session_tokens, settings_of
from engine.actor import Actor
from engine.db import Database
from engine.inspection.models import InspectedObject
from engine.inspection.object_index import index_objects
from engine.models import User

#: Objects changed behind the index's back.
CHANGED = 200
#: Name of a line → what the address bar asks for.
FILTERS: dict[str, tuple[str, dict[str, str]]] = {
    "all": ("no filter, by name", {}),
    "inspected": ("no filter, longest not inspected first", {"sort": "inspected"}),
    "established": ("no filter, youngest first", {"sort": "established", "dir": "desc"}),
    "updated": ("no filter, last changed first", {"sort": "updated", "dir": "desc"}),
    "region": ("a sub-district", {"region": "370105001"}),
    "section": ("an industry section", {"industry": "H", "sort": "established"}),
    "division": ("an industry division and a kind", {"industry": "F52", "kind": "企业"}),
    "status": ("a seldom status", {"status": "注销", "sort": "updated", "dir": "desc"}),
    "grade": ("a risk grade in a sub-district", {"grade": "D", "region": "370105004"}),
    "rare": ("a rare tag in a large sub-district", {"tag": RARE, "region": "370105001"}),
    "permit": ("a permit, by last inspection", {"permit": "食品经营许可证", "sort": "inspected", "dir": "desc"}),
    "supervisor": ("a supervising department", {"supervisor": "SCJG"}),
    "within": ("inspected within a year, oldest first", {"inspected": "year", "sort": "inspected"}),
    "without": ("not inspected within a year", {"inspected": "not"}),
    "abnormal": ("abnormal list and in doubt", {"abnormal": "1", "verify": "1"}),
    "expiring": ("a permit runs out in 30 days", {"expires": "30"}),
    "over": ("a permit has run out", {"expires": "over", "sort": "updated"}),
    "one": ("one character of a name", {"q": "鸿", "within": "name"}),
    "two": ("two characters anywhere", {"q": "鸿运"}),
    "long": ("six characters of a name", {"q": "鸿运餐饮管理", "within": "name"}),
    "common": ("two characters that every name has", {"q": "济南", "sort": "established"}),
    "address": ("part of an address", {"q": "济洛路12号", "within": "address"}),
    "person": ("a legal representative", {"q": "王某", "within": "person"}),
    "code": ("the beginning of a code", {"q": "91370105XN", "within": "code"}),
    "combined": ("five filters together", {"q": "餐饮", "region": "370105004", "status": "存续", "grade": "C",
                                           "inspected": "never", "sort": "established"}),
    "none": ("nothing to be found", {"q": "没有这样的名称"}),
}  # fmt: skip
LINES = (
    Line("p95_ms", "first page of every filter and order, in the server, p95", "ms", at_most(100), at_full_scale=True),
    Line("p50_ms", "the same, p50", "ms"),
    Line("cpu_p95_ms", "of this on a processor, p95", "ms"),
    *(
        Line(f"{name}_p95_ms", f"{title}, p95", "ms", at_most(100), at_full_scale=True)
        for name, (title, _) in FILTERS.items()
    ),
    *(Line(f"{name}_cpu_ms", f"{title}, on a processor, median", "ms") for name, (title, _) in FILTERS.items()),
    Line("deep_p95_ms", "a page in the middle of a million, p95", "ms", at_most(100), at_full_scale=True),
    Line("changed_p95_ms", "first page while 200 changed objects wait for the index, p95", "ms"),
    Line("expiry_p95_ms", "permits that run out, p95", "ms"),
)  # fmt: skip


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    url = place.cached(f"registry-{scale.objects}", LOADED, partial(load, place.scratch, scale))
    database = Database(url)
    with database.read() as session:
        person = session.scalars(sa.select(User).order_by(User.login)).first()
        middle = session.scalar(_somewhere(scale.objects // 2))
    assert person is not None
    (token,) = session_tokens(database, [Actor(person.id, person.name)])
    times = max(scale.requests // 10, 2)
    found: dict[str, list[Answer]] = {name: [] for name in FILTERS}
    deep: list[Answer] = []
    expiry: list[Answer] = []
    with serving(settings_of(url, place.scratch)) as served:
        browser = Browser(served, token)
        browser.get("/objects")
        for number in range(times):
            for name, (_, asked) in FILTERS.items():
                found[name].append(_page(browser, asked))
            deep.append(_page(browser, {"after": str(middle), "sort": ("updated", "established")[number % 2]}))
            expiry.append(browser.get(f"/objects/expiring?within={('30', 'over')[number % 2]}"))
        browser.close()
        changed = _while_changed(database, served, token, times)
    database.dispose()
    everything = [answer for answers in found.values() for answer in answers]
    return {
        "p95_ms": _ms(everything, 95), "p50_ms": _ms(everything, 50),
        "cpu_p95_ms": percentile([answer.cpu * 1000 for answer in everything], 95),
        **{f"{name}_p95_ms": _ms(answers, 95) for name, answers in found.items()},
        **{f"{name}_cpu_ms": percentile([a.cpu * 1000 for a in answers], 50) for name, answers in found.items()},
        "deep_p95_ms": _ms(deep, 95), "changed_p95_ms": _ms(changed, 95), "expiry_p95_ms": _ms(expiry, 95),
    }  # fmt: skip


def _page(browser: Browser, asked: Mapping[str, str]) -> Answer:
    answer = browser.get(f"/objects?{urlencode(asked)}")
    if answer.status != 200 or "检查对象名录" not in answer.text:
        raise RuntimeError(f"the registry answered {answer.status} to {dict(asked)}")
    return answer


def _ms(answers: list[Answer], p: int) -> float:
    return percentile([answer.server_seconds * 1000 for answer in answers], p)


def _somewhere(position: int) -> sa.Select[tuple[str]]:
    return (
        sa.select(InspectedObject.uscc)
        .where(InspectedObject.district_id == DISTRICT, InspectedObject.position >= position)
        .order_by(InspectedObject.position)
        .limit(1)
    )


def _while_changed(database: Database, served: Served, token: str, times: int) -> list[Answer]:
    """The first page while some objects have changed and the index has not heard of it; then it has."""
    with database.read() as session:
        chosen = session.scalars(_somewhere(0).limit(CHANGED)).all()
    with database.write() as session:
        for row in session.scalars(
            sa.select(InspectedObject).where(InspectedObject.district_id == DISTRICT, InspectedObject.uscc.in_(chosen))
        ):
            row.updated_at = datetime.now(UTC)
    browser = Browser(served, token)
    answers = [_page(browser, {"region": "370105001"}) for _ in range(times)]
    browser.close()
    index_objects(database, DISTRICT, datetime.now(UTC))
    return answers


BENCHMARK = Benchmark("registry", "the object registry over a million objects", LINES, run)
