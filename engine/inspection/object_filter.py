"""The filter of the object registry: what the address bar says, as a question to the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.asked import clean, several
from engine.inspection.object_conditions import AllOf, AnyOf, Between, Condition, Is, Not, code_has, one_of, text_in
from engine.inspection.object_models import ObjectPosting
from engine.inspection.object_search import Question
from engine.inspection.object_terms import HEAD, ORDERS, fold

#: Where a word is looked for.
PLACES = {"": "名称、代码、地址、法定代表人", "name": "名称", "code": "统一社会信用代码", "address": "地址",
          "person": "法定代表人（负责人）"}  # fmt: skip
INSPECTED = {"year": "一年内检查过", "not": "一年内未检查", "never": "从未检查"}
EXPIRES = {"over": "已过期", "30": "30 天内到期", "60": "60 天内到期", "90": "90 天内到期"}
#: Filters by values, any of which will do: field → name of its token.
VALUES = {
    "region": "region", "kind": "kind", "status": "status", "grade": "grade", "tag": "tag", "special": "special",
    "permit": "permit", "issuer": "issuer", "supervisor": "supervisor",
}  # fmt: skip
LABELS = {
    "q": "关键词", "region": "街道", "industry": "行业", "kind": "类型", "status": "登记状态", "grade": "风险等级",
    "tag": "标签", "special": "专项名录", "permit": "许可", "issuer": "发证机关", "supervisor": "主管部门",
    "inspected": "检查情况", "expires": "许可到期", "abnormal": "经营异常", "verify": "待核",
}  # fmt: skip
_TEXTS = {"name": "name", "code": "uscc", "address": "address", "person": "legal_representative"}
_LETTERS = {"name": "n", "address": "a", "person": "l"}
_WORDS, _LONGEST = 5, 60


@dataclass(frozen=True)
class ObjectFilter:
    """Empty fields ask nothing; the field names are those of the address bar, those of tuples may occur repeatedly."""

    q: str = ""
    within: str = ""
    region: tuple[str, ...] = ()
    industry: str = ""  # a section (F) or a division (F52)
    kind: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    grade: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    permit: tuple[str, ...] = ()
    issuer: tuple[str, ...] = ()
    supervisor: tuple[str, ...] = ()
    inspected: str = ""
    expires: str = ""
    abnormal: str = ""
    verify: str = ""
    sort: str = "name"
    dir: str = ""  # "desc" or nothing

    @classmethod
    def read(cls, asked: Mapping[str, str], *, grades: bool) -> ObjectFilter:
        """What ``asked`` says, as far as it makes sense; without ``grades`` nobody filters by them."""
        held: dict[str, Any] = {f.name: clean(asked.get(f.name, "")) for f in fields(cls) if f.name not in VALUES}
        held["sort"] = held["sort"] if held["sort"] in ORDERS else "name"
        held["dir"] = "desc" if held["dir"] == "desc" else ""
        for name, allowed in (("within", PLACES), ("inspected", INSPECTED), ("expires", EXPIRES)):
            held[name] = held[name] if held[name] in allowed else ""
        for name in ("abnormal", "verify"):
            held[name] = "1" if held[name] else ""
        values: dict[str, Any] = {name: several(asked, name) for name in VALUES if grades or name != "grade"}
        return cls(**held, **values)

    @property
    def descending(self) -> bool:
        return self.dir == "desc"

    def given(self) -> dict[str, Any]:
        """The fields that differ from an empty filter, for addresses."""
        empty = ObjectFilter()
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != getattr(empty, f.name)}

    def asks(self) -> dict[str, Any]:
        """The fields that leave objects out."""
        return {name: text for name, text in self.given().items() if name not in {"sort", "dir", "within"}}

    def words(self) -> list[str]:
        return [folded[:_LONGEST] for word in self.q.split()[:_WORDS] if (folded := fold(word))]

    def question(self, today: date) -> Question:
        """The condition, and the check of words longer than the pairs that the index knows."""
        parts: list[Condition] = [self._word(word) for word in self.words()]
        parts += [one_of(token, texts) for name, token in VALUES.items() if (texts := getattr(self, name))]
        if self.industry:
            parts.append(one_of("section" if len(self.industry) == 1 else "division", [self.industry[:3]]))
        if self.abnormal:
            parts.append(Is("abnormal=1"))
        if self.verify:
            parts.append(Is("verify=1"))
        if self.inspected:
            parts.append(_inspected(self.inspected, today))
        if self.expires:
            parts.append(_expires(self.expires, today))
        long = [word for word in self.words() if len(word) > 2]
        names = [_TEXTS[self.within]] if self.within else list(_TEXTS.values())

        def check(row: Mapping[str, Any]) -> bool:
            return all(any(_has(name, row[name], word) for name in names) for word in long)

        least = {"inspected": _year_before(today).isoformat()} if self.inspected == "year" else {}
        return Question(AllOf(tuple(parts)), check if long else None, tuple(names) if long else (), least)

    def _word(self, word: str) -> Condition:
        places = [self.within] if self.within else ["name", "address", "person", "code"]
        found = [text_in(_LETTERS[place], word) for place in places if place in _LETTERS]
        if "code" in places and (self.within or (word.isascii() and word.isalnum())):
            found.append(code_has(word))
        return AnyOf(tuple(found))


def _has(name: str, text: str, word: str) -> bool:
    if name == "uscc":
        return text.startswith(word) or word in text[HEAD:]
    return word in fold(text)


def _inspected(asked: str, today: date) -> Condition:
    if asked == "never":
        return Not(Between("month=0", "month=A"))
    since = _year_before(today)
    recent = AnyOf(
        (
            Between(f"day={since.isoformat()}", f"day={since:%Y-%m}-99"),
            Between(f"month={since:%Y-%m}~", "month=A"),
        )
    )
    return recent if asked == "year" else Not(recent)


def _year_before(today: date) -> date:
    try:
        return today.replace(year=today.year - 1)
    except ValueError:  # 29 February
        return today - timedelta(days=365)


def _expires(asked: str, today: date) -> Condition:
    if asked == "over":
        month = f"{today:%Y-%m}"
        days = Between(f"expires={month}", f"expires={today.isoformat()}")
        return AnyOf((Between("expiring=0", f"expiring={month}"), days))
    last = today + timedelta(days=int(asked))
    return Between(f"expires={today.isoformat()}", f"expires={last.isoformat()}~")


def known_values(session: Session, district_id: str) -> dict[str, list[str]]:
    """The values that occur in the registry, for each filter by value; sorted."""
    token = ObjectPosting.token
    found = {}
    for name in sorted(set(VALUES.values())):  # one range each, which the index answers alone
        statement = (
            sa.select(token)
            .where(ObjectPosting.district_id == district_id, token > f"{name}=", token < f"{name}>")
            .distinct()
            .order_by(token)
        )
        found[name] = [text.partition("=")[2] for text in session.scalars(statement)]
    return found
