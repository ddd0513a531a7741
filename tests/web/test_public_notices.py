"""Announced documents and public hearings stand on a public page, with little, and end by themselves (PL61, 64)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine.db import new_id
from engine.inspection.service_models import Hearing, ServiceRecord
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import SHANGHAI, Clock

PHONE = "13800138000"


def announced(until: date, **changes: object) -> ServiceRecord:
    fields: dict[str, object] = {
        "id": new_id(), "district_id": "370105", "number": f"N/{new_id()}", "position": 1, "origin": "N", "root": "N",
        "department": "SCJG", "document": "行政处罚决定书", "document_number": "济天市监处罚〔2026〕8号",
        "recipient": "济南示例餐饮有限公司", "mode": "announcement", "mode_name": "公告送达",
        "attempted_on": until - timedelta(days=30), "state": "公告中", "announced_until": until,
        "public_note": f"本局二楼法规科 {PHONE}", "values": {"announce_search": "住址示例路1号无人"},
        "recorded_at": datetime(2026, 3, 2, tzinfo=SHANGHAI),
    }  # fmt: skip
    return ServiceRecord(**{**fields, **changes})


def coming(at: datetime, **changes: object) -> Hearing:
    fields: dict[str, object] = {
        "id": new_id(), "district_id": "370105", "number": f"N/{new_id()}/hearing", "origin": "N",
        "department": "SCJG", "party": "济南示例餐饮有限公司", "cause": f"涉嫌未按规定贮存食品案（{PHONE}）",
        "state": "已通知", "held_at": at, "place": "三楼听证室", "announced_at": at, "opened_at": at,
    }  # fmt: skip
    return Hearing(**{**fields, **changes})


def test_a_notice_is_read_through_its_last_day_and_no_longer(engine: ProcessEngine, clock: Clock) -> None:
    evening = datetime(2026, 4, 2, 15, 0, tzinfo=SHANGHAI)
    with engine.database.write() as session:
        session.add_all(
            [announced(date(2026, 4, 2)), announced(date(2026, 4, 30), state="已送达", number="served"),
             coming(evening), coming(evening, is_public=False), coming(evening, state="已受理", announced_at=None)]
        )  # fmt: skip
    anybody = create_app(engine.settings, engine).test_client()
    for on, seen in ((date(2026, 4, 1), 1), (date(2026, 4, 2), 1), (date(2026, 4, 3), 0)):
        clock.travel(f"{on}T18:00")  # the hearing of the day is still to be read in the evening
        page = anybody.get("/public/notices").get_data(as_text=True)
        assert page.count("济南示例餐饮有限公司") == 2 * seen, on
        assert ("现在没有公告送达的文书" in page, "近期没有公开举行的听证" in page) == (not seen, not seen)
        assert PHONE not in page and "示例路" not in page
        assert ("本局二楼法规科" in page, "三楼听证室" in page) == (bool(seen), bool(seen))
        for query, hits in (("q=没有这家", 0), ("q=济天市监处罚&department=SCJG", seen), ("department=WJJ", 0)):
            found = anybody.get(f"/public/notices?{query}").get_data(as_text=True)
            assert found.count('data-label="受送达人"') == hits, query
