"""Put one running system together: the process engine, its guest domain and the job engine.

The only place that knows all of them; the web application, the worker, the command
line and tests that need everything start here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from engine.db import Database
from engine.inspection import services as _services
from engine.inspection.document_values import VOCABULARY
from engine.inspection.facts import context_provider
from engine.inspection.jobs import job_kinds
from engine.inspection.roles import ROLES as ROLES
from engine.jobs import Jobs
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings


def roles() -> frozenset[str]:
    return frozenset(ROLES)


@lru_cache(maxsize=1)
def services() -> ServiceRegistry:
    """Every service task of the installation."""
    return ServiceRegistry.of_package(_services, documents=VOCABULARY)


def open_jobs(settings: Settings) -> Jobs:
    """The entrance to the job engine for these settings."""
    return Jobs(settings.url, job_kinds())


def open_engine(
    settings: Settings,
    *,
    database: Database | None = None,
    jobs: Jobs | None = None,
    clock: Callable[[], datetime] | None = None,
) -> ProcessEngine:
    """A complete process engine; what is not given is opened from ``settings``.

    ``clock`` gives the present as an aware datetime; tests pass a standing one.
    """
    options = {} if clock is None else {"clock": clock}
    return ProcessEngine(
        database or Database(settings.url),
        settings,
        services(),
        jobs=jobs or open_jobs(settings),
        form_context=context_provider(settings),
        roles=roles(),
        **options,
    )
