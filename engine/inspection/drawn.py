"""What a finished draw says: which objects, in which order, and whose pair visits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from engine.errors import ServiceTaskFailed
from engine.inspection.models import Draw


@dataclass(frozen=True)
class DrawnObject:
    """``rank`` counts the drawn objects from 1, strata in byte order, tickets ascending."""

    rank: int
    uscc: str
    stratum: str


def drawn_objects(draw: Draw) -> list[DrawnObject]:
    """The drawn objects of ``result.json``.  Raises :class:`ServiceTaskFailed` before the draw is done."""
    drawn = _result(draw)["drawn"]
    ordered = [(uscc, stratum) for stratum in sorted(drawn, key=str.encode) for uscc in drawn[stratum]]
    return [DrawnObject(rank, uscc, stratum) for rank, (uscc, stratum) in enumerate(ordered, 1)]


def assignments(draw: Draw) -> dict[tuple[str, str], list[str]]:
    """(object, department) → the two inspectors' codes, the qualified officer first."""
    return {
        (job.rsplit("|", 1)[0], job.rsplit("|", 1)[1]): list(pair)
        for job, pair in _result(draw)["assignments"].items()
    }


def _result(draw: Draw) -> dict[str, Any]:
    text = draw.files.get("result.json")
    if not text:
        raise ServiceTaskFailed(f"抽取 {draw.draw_id} 尚未完成。")
    result: dict[str, Any] = orjson.loads(text)
    return result
