"""Which tables a draw was made by: kept with the draw, so that a later change of a table explains nothing away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection import tables
from engine.inspection.draw import digest_hex
from engine.inspection.models import Draw
from engine.inspection.plan_models import DrawBasis
from engine.inspection.ratios import RatioTable
from engine.settings import Settings


@dataclass(frozen=True)
class Basis:
    """The ratio table and the rows of the other tables in force when lists were made."""

    ratio: RatioTable
    frequency: str
    marks: str

    @property
    def ratio_sha256(self) -> str:
        """What officials compare to see whether two draws used the same table."""
        return digest_hex("sha256", self.ratio.text)


def basis(settings: Settings, on: date, ratio: RatioTable) -> Basis:
    """The tables in force on ``on``."""

    def text(name: str) -> str:
        return orjson.dumps(tables.rows(settings, name, on), option=orjson.OPT_SORT_KEYS).decode()

    return Basis(ratio, text("frequency"), text("object-mark"))


def keep(session: Session, found: Basis, draw: Draw, now: datetime) -> DrawBasis:
    """Keep the tables with ``draw``; a trial draw keeps them too."""
    row = DrawBasis(
        id=new_id(), district_id=draw.district_id, draw_id=draw.draw_id, campaign=draw.campaign,
        process_version=found.ratio.version, ratio_sha256=found.ratio_sha256,
        frequency_sha256=digest_hex("sha256", found.frequency), marks_sha256=digest_hex("sha256", found.marks),
        tables={"ratio.dmn": found.ratio.text, "frequency": found.frequency, "object-mark": found.marks}, at=now,
    )  # fmt: skip
    session.add(row)
    return row
