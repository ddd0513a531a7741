"""What an inspected object can be found by: its tokens, and the keys of the orders it can stand in.

A token is a letter and a text: ``n天桥`` a pair of characters of the name, ``a`` of the address,
``l`` of the legal representative, ``u`` of the code's last ten characters, ``h`` the code's first
eight; ``region=370105001`` and the like name a value.  Texts are folded first, so that full and
half width, upper and lower case and blanks make no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import pairwise
from operator import add
from typing import Any

#: Longest value of a token; longer values are cut, in the index and in the question alike.
LONGEST = 100
#: Ends a text, so that its last character begins a pair too.
END = "\x03"
#: Characters of a code that are one token: registering body, kind and division hardly tell codes apart.
HEAD = 8

_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(
    map(ord, " \t\r\n\u3000\xa0\x03")
)  # fmt: skip

#: Order → (column, title); names stand as GB 18030 orders them, common characters by pinyin.
ORDERS: dict[str, tuple[str, str]] = {
    "name": ("name", "名称"),
    "inspected": ("last_inspected_on", "最近检查日期"),
    "established": ("established_on", "成立日期"),
    "updated": ("updated_at", "更新时间"),
}


def fold(text: str) -> str:
    """The text as it is compared: half width, upper case, without blanks."""
    return text.translate(_FOLD).upper()


def _pairs(folded: str) -> set[str]:
    """Every two neighbouring characters of a whole text, and the last with the end; a blank has none."""
    return set(map(add, folded, folded[1:] + END)) if folded else set()


def inner_pairs(letter: str, folded: str) -> set[str]:
    """The tokens a text must have that contains ``folded``; empty for a single character."""
    return {letter + a + b for a, b in pairwise(folded)}


def value(name: str, text: str) -> str:
    """The token of one value."""
    return f"{name}={text[:LONGEST]}"


def pairs_of(row: Mapping[Any, Any]) -> tuple[tuple[str, set[str]], ...]:
    """The pairs of an object's texts, each text with the letter that begins its tokens."""
    tail = row["uscc"][HEAD:]
    return (
        ("n", _pairs(fold(row["name"]))),
        ("a", _pairs(fold(row["address"]))),
        ("l", _pairs(fold(row["legal_representative"]))),
        ("u", set(map(add, tail, tail[1:]))),
    )


def values_of(row: Mapping[Any, Any]) -> set[str]:
    """The tokens of an object's values."""
    found = {"h" + row["uscc"][:HEAD]}
    found |= _plain(
        row["industry"], row["region"], row["kind"], row["status"], row["risk_grade"], row["supervisor"],
        tuple(row["tags"] or ()), tuple(row["special_registries"] or ()),
    )  # fmt: skip
    for permit in row["permits"] or ():
        found |= _permit_tokens(permit)
    if row["on_abnormal_list"]:
        found.add("abnormal=1")
    if row["to_verify"]:
        found.add("verify=1")
    if last := row["last_inspected_on"]:
        found |= {f"month={last:%Y-%m}", f"day={last.isoformat()}"}
    return found


@lru_cache(maxsize=20_000)
def _plain(
    industry: str, region: str, kind: str, status: str, grade: str, supervisor: str, tags: tuple[str, ...],
    special: tuple[str, ...],
) -> frozenset[str]:  # fmt: skip
    """Tokens of what many objects have in common; most of a registry are a few thousand combinations."""
    named = {
        "section": industry[:1], "division": industry[:3], "region": region, "kind": kind, "status": status,
        "grade": grade, "supervisor": supervisor,
    }  # fmt: skip
    found = {value(name, text) for name, text in named.items()}
    found.update(value("tag", text) for text in tags)
    found.update(value("special", text) for text in special)
    return frozenset(found)


def tokens_of(row: Mapping[Any, Any]) -> set[str]:
    """All tokens of an object, from the columns :data:`COLUMNS`."""
    return values_of(row).union(letter + pair for letter, pairs in pairs_of(row) for pair in pairs)


def _permit_tokens(permit: Mapping[str, Any]) -> set[str]:
    found = {value("permit", str(permit.get("name") or ""))}
    for name in ("issuer", "supervisor"):
        if text := permit.get(name):
            found.add(value(name, str(text)))
    if expires := permit.get("expires"):
        found |= {value("expires", str(expires)), value("expiring", str(expires)[:7])}
    return found


#: The columns :func:`tokens_of` and :func:`order_key` read.
COLUMNS = (
    "uscc", "name", "address", "legal_representative", "industry", "region", "kind", "status", "risk_grade",
    "supervisor", "tags", "special_registries", "permits", "on_abnormal_list", "to_verify", "last_inspected_on",
    "established_on", "updated_at",
)  # fmt: skip


def order_text(held: Any) -> str:
    """A column's value as text that sorts as officials expect; nothing sorts first."""
    if held is None:
        return ""
    if isinstance(held, datetime):
        return _moment(held)
    if isinstance(held, date):
        return held.isoformat()
    return str(held).encode("gb18030", "replace").decode("latin-1")


@lru_cache(maxsize=1_000)
def _moment(held: datetime) -> str:
    """Kept, because the rows of one import share theirs."""
    return held.astimezone(UTC).isoformat(timespec="microseconds")


def order_key(order: str, row: Mapping[Any, Any]) -> tuple[str, str]:
    """Where the object stands in ``order``; the code makes the place its own."""
    return order_text(row[ORDERS[order][0]]), row["uscc"]
