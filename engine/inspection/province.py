"""The connector to the provincial platform (省工作平台): what was made public is reported there (R3–R5).

The platform is called over HTTP and never inside a database transaction.  A publication
carries one ``Idempotency-Key`` for good, so that a repeated or an answered-but-lost call
leaves one record there.  A refusal (4xx) is final until a person acts; silence, time-outs
and 5xx are repeated with growing waits and then become an incident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.errors import LianjianError, NotFound, OutsideRefused, OutsideUnavailable
from engine.inspection import publication
from engine.inspection.models import Publication
from engine.inspection.publication_models import PublicationVersion
from engine.inspection.publication_release import PUSH_PUBLICATION, push_key
from engine.jobs import JobFailure, idempotency_key
from engine.models import ProcessInstance
from engine.process_engine import ProcessEngine

#: Tries of a round, the wait before the second one in seconds, and what each further wait grows by.
ATTEMPTS, WAIT, BACKOFF = 4, 1.0, 3.0
#: Seconds before the second, third … round; after the last one a person must act.
ROUNDS = (60, 300, 1800, 7200)
#: What a message to the platform says, by the number of the message.
RELEASED, CORRECTED, WITHDRAWN, ENDED = "publish", "correct", "withdraw", "end"
#: Answers that say "not now" although they are 4xx: time-out, too early, too many requests.
PASSING = {408, 425, 429}


@dataclass(frozen=True)
class Receipt:
    """回执: the platform's number for what it received, and when by its own clock (None: not said)."""

    number: str
    received_at: datetime | None


class Province:
    """The platform at ``url``; ``timeout`` is the longest silence in seconds we bear."""

    def __init__(self, url: str, timeout: float = 20.0) -> None:
        self._url, self._timeout = url.rstrip("/"), timeout

    def push(self, publication: dict[str, Any], key: str) -> Receipt:
        """Report one publication under its idempotency ``key``.

        Raises :class:`OutsideRefused` with the platform's own words, or
        :class:`OutsideUnavailable` when it is worth trying again.
        """
        try:
            # Proxy variables of the machine must not send results anywhere else.
            with httpx.Client(timeout=httpx.Timeout(self._timeout, connect=5.0), trust_env=False) as client:
                reply = client.post(f"{self._url}/api/publications", json=publication, headers={"Idempotency-Key": key})
        except httpx.TimeoutException:
            raise OutsideUnavailable(f"省平台在 {self._timeout:g} 秒内没有答复，系统会自动重试。") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise LianjianError("省平台地址无效，请系统管理员检查设置 LIANJIAN_PROVINCE_URL。") from None
        except httpx.HTTPError as error:
            raise OutsideUnavailable(f"无法连接省平台（{type(error).__name__}），系统会自动重试。") from None
        if 400 <= reply.status_code < 500 and reply.status_code not in PASSING:
            raise OutsideRefused(f"省平台拒收：{_words(reply)}", status=reply.status_code)
        if not reply.is_success:
            raise OutsideUnavailable(f"省平台暂时不可用（{reply.status_code}）：{_words(reply)}")
        return _receipt(reply)


def _words(reply: httpx.Response) -> str:
    """What the platform said, for people."""
    try:
        body = reply.json()
    except ValueError:
        body = None
    said = body.get("message") if isinstance(body, dict) else None
    return str(said or reply.text[:200].strip() or reply.reason_phrase)


def _receipt(reply: httpx.Response) -> Receipt:
    """The receipt in a successful reply; without one we do not know, so it is asked again."""
    try:
        body = reply.json()
        number = str(body["receipt"])
    except (ValueError, KeyError, TypeError):
        raise OutsideUnavailable("省平台的答复中没有回执号，系统会自动重试。") from None
    try:
        at = datetime.fromisoformat(str(body.get("received_at")))
    except ValueError:
        at = None
    return Receipt(number, at if at is not None and at.tzinfo else None)


# --- commands ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class BeginPush:
    """Count an attempt and return what is to be sent; None when there is nothing (any more) to send."""

    publication_id: str

    def run(self, ctx: CommandContext) -> dict[str, Any] | None:
        row = publication_row(ctx, self.publication_id)
        if row.push_state == "received" or row.state not in publication.TOLD:
            return None
        row.push_state = "pending"
        row.push_attempts += 1
        settings = ctx.kernel.settings
        ended = {"withdrawn": WITHDRAWN, "expired": ENDED}
        action = ended.get(row.state) or (CORRECTED if row.release > 1 else RELEASED)
        return {
            "district": row.district_id, "department": row.department, "kind": row.kind, "subject": row.subject,
            "action": action, "release": row.release,
            "content": publication.public_content(settings, row, ctx.calendar.local_date(ctx.now)),
            "published_at": row.published_at.isoformat() if row.published_at else None,
            "public_until": row.public_until.isoformat() if row.public_until else None,
            "key": idempotency_key(PUSH_PUBLICATION, push_key(row)),
        }  # fmt: skip


@dataclass(frozen=True)
class RecordReceipt:
    """Keep the platform's receipt (回执) with the publication and in the history; again is harmless."""

    publication_id: str
    receipt: Receipt

    def run(self, ctx: CommandContext) -> None:
        row = publication_row(ctx, self.publication_id)
        if row.push_state == "received":
            return
        received_at = self.receipt.received_at or ctx.now
        keep_receipt(ctx, row, self.receipt.number, received_at)
        ctx.record(
            instance_of(ctx, row), "province-receipt",
            {"publication": row.id, "subject": row.subject, "receipt": row.receipt,
             "received_at": received_at.isoformat(), "attempts": row.push_attempts},
        )  # fmt: skip


@dataclass(frozen=True)
class RecordPushTrouble:
    """Keep the words of a failed attempt and when it is tried again by itself, for the pages that show it."""

    publication_id: str
    message: str
    final: bool

    def run(self, ctx: CommandContext) -> None:
        row = publication_row(ctx, self.publication_id)
        if row.push_state == "received":
            return
        row.push_error = self.message[:500]
        wait = None if self.final else next_wait(row.push_attempts)
        row.next_push_at = ctx.now + timedelta(seconds=wait) if wait is not None else None


def next_wait(attempts: int) -> float | None:
    """Seconds until the next attempt after ``attempts`` failed ones; None when a person must act."""
    tried, within = divmod(attempts - 1, ATTEMPTS)
    if within < ATTEMPTS - 1:
        return float(WAIT * BACKOFF**within)
    return ROUNDS[tried] if tried < len(ROUNDS) else None


@dataclass(frozen=True)
class RequeuePublications:
    """Give every publication still to be reported its job, should it have none (nightly check)."""

    def run(self, ctx: CommandContext) -> int:
        waiting = ctx.session.scalars(
            sa.select(Publication).where(
                Publication.district_id == ctx.district_id,
                Publication.push_state == "pending",
                Publication.state.in_(publication.TOLD),
            )
        ).all()
        for row in waiting:
            ctx.enqueue(PUSH_PUBLICATION, push_key(row), {"publication_id": row.id})
        return len(waiting)


def keep_receipt(ctx: CommandContext, row: Publication, number: str, at: datetime) -> None:
    """Keep a receipt with the publication and with the version it is for."""
    row.push_state, row.push_error, row.next_push_at = "received", "", None
    row.receipt, row.received_at = number, at
    ctx.session.execute(
        sa.update(PublicationVersion)
        .where(PublicationVersion.publication_id == row.id, PublicationVersion.release == row.release)
        .values(receipt=number, received_at=at)
    )


def publication_row(ctx: CommandContext, publication_id: str) -> Publication:
    row = ctx.session.scalar(
        sa.select(Publication).where(
            Publication.id == publication_id, Publication.district_id == ctx.district_id
        ).with_for_update()
    )  # fmt: skip
    if row is None:
        raise NotFound("公示记录不存在，可能已被删除；无需再次报送。")
    found: Publication = row
    return found


def instance_of(ctx: CommandContext, row: Publication) -> str | None:
    """The instance a publication speaks of; None when there is none (history of the district then)."""
    found: str | None = ctx.session.scalar(
        sa.select(ProcessInstance.id)
        .where(ProcessInstance.district_id == row.district_id, ProcessInstance.business_key == row.subject)
        .order_by(ProcessInstance.started_at)
        .limit(1)
    )
    return found


# --- the job -----------------------------------------------------------------------------------


def push_publication(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Report one publication and keep the receipt; the job ``push-publication``."""
    publication_id = args["publication_id"]
    settings = engine.settings
    if not settings.province_url:
        raise LianjianError("尚未设置省平台地址：请系统管理员设置 LIANJIAN_PROVINCE_URL 后重试。")
    body = engine.execute(BeginPush(publication_id), actor=Actor.system())
    if body is None:
        return
    key = body.pop("key")
    try:
        receipt = Province(settings.province_url, settings.province_timeout).push(body, key)
    except OutsideUnavailable as error:
        engine.execute(RecordPushTrouble(publication_id, error.message, final=False), actor=Actor.system())
        raise
    engine.execute(RecordReceipt(publication_id, receipt), actor=Actor.system())


def push_failed(ctx: CommandContext, failure: JobFailure) -> tuple[str | None, str]:
    """Mark the publication as not reported; returns (instance, business key) for the incident."""
    row = ctx.session.get(Publication, failure.args.get("publication_id"))
    if row is None:
        return None, ""
    if row.push_state != "received":
        row.push_state, row.push_error, row.next_push_at = "failed", failure.message[:500], None
    return instance_of(ctx, row), row.subject
