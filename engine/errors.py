"""Every error a user can meet, in one place.

An error carries a stable ``code`` for programs, a Chinese ``message`` that names
the remedy for people, the HTTP ``status`` it maps to, and optional ``details``
(JSON-serialisable).  ``web`` renders them as a page or as JSON; ``cli`` prints
the message and exits with ``exit_code``.
"""

from __future__ import annotations

from typing import Any


class LianjianError(Exception):
    """Base of all expected errors.  Anything else that escapes is a defect."""

    code = "error"
    status = 400
    exit_code = 1

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(LianjianError):
    """Values a person typed do not satisfy the form.

    ``fields`` maps a field key to the list of messages shown beside that field.
    """

    code = "invalid_input"
    status = 422

    def __init__(self, message: str, fields: dict[str, list[str]] | None = None, **details: Any) -> None:
        super().__init__(message, fields=fields or {}, **details)
        self.fields: dict[str, list[str]] = fields or {}


class NotFound(LianjianError):
    """The thing asked for does not exist, or the viewer may not know that it does."""

    code = "not_found"
    status = 404


class Forbidden(LianjianError):
    """The actor may see the thing but not do this to it."""

    code = "forbidden"
    status = 403


class NotSignedIn(LianjianError):
    """No valid session."""

    code = "not_signed_in"
    status = 401


class PasswordChangeRequired(LianjianError):
    """The person is signed in with a password that somebody else knows and must choose an own one first."""

    code = "password_change_required"
    status = 403


class Conflict(LianjianError):
    """Somebody else acted first; nothing was saved and nothing was lost."""

    code = "conflict"
    status = 409


class ModelRefused(LianjianError):
    """A diagram, form or table cannot be run exactly; ``findings`` lists every reason at once.

    A finding is ``{"rule", "severity", "file", "element", "message", "remedy"}``.
    """

    code = "model_refused"
    status = 422
    exit_code = 3

    def __init__(self, message: str, findings: list[dict[str, Any]]) -> None:
        super().__init__(message, findings=findings)
        self.findings = findings


class ExpressionError(LianjianError):
    """An expression cannot be parsed or evaluated; the message names position and cause."""

    code = "expression_error"
    status = 422


class ServiceTaskFailed(LianjianError):
    """A service task refused to go on; ``error_code`` is caught by an error boundary event of that code."""

    code = "service_task_failed"
    status = 422

    def __init__(self, message: str, error_code: str = "", **details: Any) -> None:
        super().__init__(message, **details)
        self.error_code = error_code


class Runaway(ServiceTaskFailed):
    """A process took more time, memory, steps or data than one command may; its instance gets an incident.

    ``details`` name the instance: ``instance_id``, ``business_key``, ``process``.
    """

    code = "runaway"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message, **details)


class StateUnreadable(LianjianError):
    """A stored instance state cannot be restored; the instance gets an incident, others go on."""

    code = "state_unreadable"
    status = 500


class OutsideUnavailable(LianjianError):
    """A system outside did not answer, or not understandably; the same call may succeed later."""

    code = "outside_unavailable"
    status = 503


class OutsideRefused(LianjianError):
    """A system outside understood and said no; the message carries its own words."""

    code = "outside_refused"
    status = 422
