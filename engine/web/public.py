"""What anybody may see without signing in: plans, results, penalties, draws and how to verify them (R27, R40, R58)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.documents import pdf
from engine.errors import LianjianError, NotFound
from engine.inspection import disclosure, draw_log, draw_minutes, draw_register, publication_view, records, tables
from engine.inspection import draw as draw_program
from engine.inspection.draw_record import zip_record
from engine.inspection.draw_verify import Report
from engine.inspection.draw_verify import verify as verify_record
from engine.inspection.models import Campaign, Publication
from engine.inspection.publication import KINDS
from engine.inspection.publication_view import Entry
from engine.web import draw_view, public_feeds, worked_example
from engine.web.context import database, departments, engine, settings
from engine.web.guards import public
from engine.web.items import today
from engine.web.navigation import NavItem
from engine.web.task_lookup import is_id

blueprint = Blueprint("public", __name__, url_prefix="/public")
NAV = (NavItem("公示与核验", "public.index", "globe", 95, "/public", group="公开"),)

PAGE = 30
SECTIONS = {
    "results": "result", "plans": "plan", "penalties": "penalty", "specials": "special", "abnormal": "abnormal",
    "serious": "serious",
}  # fmt: skip
#: Newest entries in a feed.
FEED = 50
#: A door proof is a few kilobytes; more is not one.
MAX_PROOF = 200_000


@blueprint.get("")
@public
def index() -> ResponseReturnValue:
    """The newest of everything, and what can be checked here."""
    with database().read() as session:
        latest = {kind: _publications(session, kind, {}, None, 5)[0] for kind in KINDS}
        draws = draw_view.list_draws(session, settings().district_id, limit=5)
        counts = dict(
            session.execute(
                sa.select(Publication.kind, sa.func.count())
                .where(
                    Publication.district_id == settings().district_id,
                    Publication.state == "published",
                    publication_view.still_public(today()),
                )
                .group_by(Publication.kind)
            )
            .tuples()
            .all()
        )
        numbers = draw_view.series(session, settings().district_id)
    return render_template(
        "public/index.html", latest=latest, kinds=KINDS, draws=draws, counts=counts,
        draw_count=sum(s.last - len(s.missing) for s in numbers if not s.trial),
    )  # fmt: skip


@blueprint.get("/<any(results, plans, penalties, specials, abnormal, serious):section>")
@public
def listing(section: str) -> ResponseReturnValue:
    """One kind of publication, newest first; the search finds firms and organs in what was published."""
    kind = SECTIONS[section]
    wanted = {key: request.args.get(key, "").strip()[:80] for key in ("q", "department", "outcome", "year")}
    before = request.args.get("before", "")
    with database().read() as session:
        found, following = _publications(session, kind, wanted, before if is_id(before) else None, PAGE)
        years = _years(session, kind)
    kept: dict[str, Any] = {"section": section, **{key: value or None for key, value in wanted.items()}}
    categories = tables.rows(settings(), "result-category", today()) if kind == "result" else []
    return render_template(
        "public/listing.html", section=section, kind=kind, title=KINDS[kind], found=found, wanted=wanted,
        departments=departments(), paged=bool(before), years=years, categories=categories,
        following=url_for(".listing", **kept, before=following) if following else None,
    )  # fmt: skip


@blueprint.get("/<any(results, plans, penalties, specials, abnormal, serious):section>.<any(json, xml):form>")
@public
def feed(section: str, form: str) -> ResponseReturnValue:
    """The newest entries to subscribe to: JSON Feed or RSS, with exactly what the pages show."""
    kind = SECTIONS[section]
    wanted = {"department": request.args.get("department", "").strip()[:80]}
    with database().read() as session:
        found, _ = _publications(session, kind, wanted, None, FEED)
    title, home = f"{KINDS[kind]}公示", url_for(".listing", section=section, _external=True)
    items = [(entry, url_for(".publication", publication_id=entry.id, _external=True)) for entry in found]
    if form == "json":
        return public_feeds.json_feed(title, home, items)
    return public_feeds.rss(title, home, items)


def _years(session: Session, kind: str) -> list[int]:
    """Years in which something of this kind was published, the newest first."""
    first, last = session.execute(
        sa.select(sa.func.min(Publication.published_at), sa.func.max(Publication.published_at)).where(
            Publication.district_id == settings().district_id, Publication.kind == kind,
            Publication.state.in_(publication_view.PUBLIC), publication_view.still_public(today()),
        )
    ).one()  # fmt: skip
    if first is None or last is None:
        return []
    zone = settings().timezone
    return list(range(last.astimezone(zone).year, first.astimezone(zone).year - 1, -1))


def _publications(
    session: Session, kind: str, wanted: Mapping[str, str], before: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    """The newest entries as the table lets them be seen, and the id to go on from when there are more."""
    statement = publication_view.search(settings(), kind, wanted, today())
    if before:
        statement = statement.where(Publication.id < before)
    rows = list(session.scalars(statement.order_by(Publication.id.desc()).limit(limit + 1)))
    found = [publication_view.entry(settings(), row, today()) for row in rows[:limit]]
    return found, rows[limit - 1].id if len(rows) > limit else None


@blueprint.get("/publications/<publication_id>")
@public
def publication(publication_id: str) -> ResponseReturnValue:
    """One publication as released, with what was corrected or withdrawn since, when and why."""
    with database().read() as session:
        row = session.get(Publication, publication_id) if is_id(publication_id) else None
        if row is None or row.district_id != settings().district_id or not publication_view.shown(row, today()):
            raise NotFound("没有找到该公示信息，可能链接有误。")
        shown = publication_view.entry(settings(), row, today())
        trail = publication_view.trail(session, settings(), row, today())
        draw_id = _draw_of(session, row) if row.state == "published" else ""
        linked = row.kind == "result" and row.state == "published"
        found = publication_view.penalties_of(session, row, today()) if linked else []
        penalties = [publication_view.entry(settings(), penalty, today()) for penalty in found]
    section = next(name for name, kind in SECTIONS.items() if kind == row.kind)
    return render_template(
        "public/publication.html", row=shown, section=section, title=KINDS[row.kind], draw_id=draw_id, trail=trail,
        penalties=penalties, organ_name=departments().get(row.department, row.department),
    )  # fmt: skip


def _draw_of(session: Session, row: Publication) -> str:
    """The draw a published result came of; empty for plans, penalties and platform tasks without one."""
    if row.kind != "result":
        return ""
    return (
        session.scalar(
            sa.select(Campaign.draw_id).where(
                Campaign.district_id == row.district_id, Campaign.number == row.content.get("任务编号", "")
            )
        )
        or ""
    )


@blueprint.get("/draws")
@public
def draws() -> ResponseReturnValue:
    """Every draw ever committed, aborted and annulled ones included: numbers have no gaps."""
    with database().read() as session:
        years = draw_view.years(session, settings().district_id)
        asked = request.args.get("year", "")
        year = int(asked) if asked.isdecimal() and len(asked) == 4 else (years[0] if years else None)
        found = draw_view.list_draws(session, settings().district_id, year=year)
        numbers = draw_view.series(session, settings().district_id, year)
    return render_template(
        "public/draws.html", draws=found, years=years, year=year, numbers=numbers, log_key=_log_key()
    )  # fmt: skip


@blueprint.get("/draws/<draw_id>")
@public
def draw(draw_id: str) -> ResponseReturnValue:
    """One draw: its commitment, witnesses, log entries, and what anybody can verify now and later."""
    with database().read() as session:
        row = records.draw(session, settings().district_id, draw_id)
        view = draw_view.view(session, row)
        files = disclosure.public_names(session, row)
        # The task's name tells what is being looked at; a protected task keeps it until it is over.
        campaign = records.campaign(session, row.district_id, row.campaign) if view.parts_public else None
    return render_template(
        "public/draw.html", view=view, row=row, abilities=draw_view.abilities(view), files=files, campaign=campaign,
        file_word=draw_view.file_word,
        log_key=_log_key(),
        qr=draw_view.qr_code(url_for(".draw", draw_id=draw_id, _external=True)),
    )  # fmt: skip


@blueprint.get("/draws/<draw_id>/record.zip")
@public
def record(draw_id: str) -> ResponseReturnValue:
    """The public level of the record, as the disclosure class allows today."""
    with database().read() as session:
        row = records.draw(session, settings().district_id, draw_id)
        files = disclosure.public_record(session, settings(), row, engine().clock())
    return send_file(
        io.BytesIO(zip_record(files)), mimetype="application/zip", as_attachment=True,
        download_name=f"{draw_id}.zip",
    )  # fmt: skip


@blueprint.get("/draws/<draw_id>/record.pdf")
@public
def minutes(draw_id: str) -> ResponseReturnValue:
    """The minutes of the draw in the public edition."""
    with database().read() as session:
        row = records.draw(session, settings().district_id, draw_id)
        document = draw_minutes.minutes(
            session, settings(), row, internal=False, address=url_for(".draw", draw_id=draw_id, _external=True),
            log_key=_log_key(),
        )  # fmt: skip
    return send_file(
        io.BytesIO(pdf.render(document)), mimetype="application/pdf", download_name=f"抽取记录-{draw_id}.pdf"
    )


@blueprint.get("/draw.py")
@public
def program() -> ResponseReturnValue:
    """The program that draws, as it runs here: one file that needs nothing but Python."""
    return send_file(Path(str(draw_program.__file__)), mimetype="text/x-python", as_attachment=True)


@blueprint.get("/draws/log.json")
@public
def log() -> ResponseReturnValue:
    """The signed head of the append-only draw log, for whoever keeps copies of it."""
    with database().read() as session:
        head: dict[str, Any] = dict(draw_register.signed_head(session, settings(), engine().clock()))
        head["leaves"] = draw_register.leaves(session, settings().district_id)
    return head


@blueprint.get("/verify")
@public
def verify() -> ResponseReturnValue:
    """The verifier: runs in the browser, also saved to disk, and says what it can and cannot check."""
    return _verify_page(request.args.get("draw", ""))


def _log_key() -> str:
    """The public key of the draw log, in hex; published so that heads can be checked elsewhere."""
    return draw_log.public_key_hex(draw_log.log_key(settings().data_dir))


def _verify_page(draw_id: str = "", report: Report | None = None, problem: str = "") -> str:
    return render_template(
        "public/verify.html", draw_id=draw_id, report=report, problem=problem, log_key=_log_key()
    )  # fmt: skip


@blueprint.post("/verify")
@public
def verify_door() -> ResponseReturnValue:
    """Check a firm's own proof for browsers without scripts; nothing is stored and nothing is looked up."""
    upload = request.files.get("proof")
    data = upload.read(MAX_PROOF + 1) if upload is not None and upload.filename else b""
    if not data:
        return _verify_page(problem="请选择检查人员交给您的入场核验文件（door-proof.json）。"), 422
    text = data.decode("utf-8", "replace")
    if len(data) > MAX_PROOF or '"door-proof"' not in text[:400]:
        return _verify_page(problem="这不是入场核验文件。完整记录请用浏览器核验程序或离线核验文件打开。"), 422
    with suppress(KeyError, ValueError, TypeError, AttributeError, IndexError, LianjianError):
        return _verify_page(report=verify_record({"door-proof.json": text}, log_key=_log_key()))
    return _verify_page(problem="文件内容不完整，或已被改动，无法核验。请向检查人员重新索取。"), 422


@blueprint.get("/protocol")
@public
def protocol() -> ResponseReturnValue:
    """How the draw works, in a citizen's words, with an example to recompute by hand."""
    source = Path(str(draw_program.__file__)).read_bytes()
    return render_template(
        "public/protocol.html", example=worked_example.compute(), program_sha256=hashlib.sha256(source).hexdigest(),
        program_lines=source.count(b"\n"),
    )  # fmt: skip
