"""Give a deadline more time, as often and as long as its row allows (延长)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.commands.context import CommandContext
from engine.commands.deadline_change import changed, find_deadline, recount
from engine.commands.suspend_deadline import reason_of, rule_of, taken_up
from engine.deadline_rules import DeadlineRule, ExtensionRule
from engine.errors import InvalidInput
from engine.models import Deadline
from engine.periods import YEARLY, parse_rule


@dataclass(frozen=True)
class ExtendDeadline:
    """Add the next extension of the deadline's row.

    ``rule`` is its length where the row leaves it to the decision, ``document`` the approval's 文号,
    ``approved_by`` who approved.  ``stream`` as in SetDeadline.  Raises :class:`InvalidInput` when the row
    allows no further extension, or ``rule`` is missing, unreadable or given where the row states the length.
    """

    business_key: str
    name: str
    reason: str
    rule: str | None = None
    document: str = ""
    approved_by: str = ""
    stream: str | None = None

    def run(self, ctx: CommandContext) -> Deadline:
        deadline, stream = taken_up(ctx, self.business_key, self.name, self.stream)
        allowed = next_extension(deadline, rule_of(ctx, deadline))
        rule = length(deadline, allowed, self.rule)
        reason, before = reason_of(self.reason), deadline.due_at
        entry = {"rule": rule, "approver": allowed.approver, "approved_by": self.approved_by}
        deadline.extensions = [*deadline.extensions, entry]
        recount(ctx, deadline)
        changed(
            ctx, deadline, "extended", before, stream=stream, reason=reason, rule=rule,
            ground=self.approved_by and f"{self.approved_by}批准", legal_basis=allowed.legal_basis,
            document=self.document,
        )  # fmt: skip
        return deadline


def refuse_extension(
    ctx: CommandContext, business_key: str, name: str, reason: str, *, document: str, approved_by: str, stream: str
) -> None:
    """Note in the trail that an extension was refused; of a deadline met meanwhile too."""
    deadline = find_deadline(ctx, business_key, name)
    if deadline is not None:
        changed(
            ctx, deadline, "refused", deadline.due_at, stream=stream, reason=reason_of(reason), document=document,
            ground=approved_by and f"{approved_by}决定",
        )  # fmt: skip


def next_extension(deadline: Deadline, row: DeadlineRule | None) -> ExtensionRule:
    """The extension a deadline may be given next.  Raises :class:`InvalidInput` when its row allows none."""
    allowed = row.extensions if row else ()
    given = len(deadline.extensions)
    if not allowed:
        raise InvalidInput(f"期限表没有规定“{deadline.label}”可以延长。")
    if given >= len(allowed):
        raise InvalidInput(f"“{deadline.label}”已经延长 {given} 次，规定最多延长 {len(allowed)} 次，不能再延长。")
    return allowed[given]


def length(deadline: Deadline, allowed: ExtensionRule, wanted: str | None) -> str:
    """How much an extension adds: what the row says, else what the decision says."""
    if allowed.rule is not None:
        if wanted and wanted.strip() != allowed.rule:
            raise InvalidInput(
                "延长的时间由期限表规定。", fields={"rule": [f"规定延长 {allowed.rule}，不能另行填写。"]}
            )
        return allowed.rule
    if not (wanted or "").strip():
        raise InvalidInput("请填写延长的时间。", fields={"rule": ["请填写延长的时间，例如 30d 或者 10wd。"]})
    rule = (wanted or "").strip()
    amount, unit = parse_rule(rule)
    if unit == YEARLY or amount == 0 or (unit == "h") != (parse_rule(deadline.rule)[1] == "h"):
        raise InvalidInput(
            "延长的时间不对。", fields={"rule": ["请填写大于零的时间；按日计算的期限按日延长，例如 30d 或者 10wd。"]}
        )
    return rule
