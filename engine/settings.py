"""All settings, read once from the environment (documented in docs/reference/settings.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.errors import LianjianError
from engine.shipped import SOURCE_TREE, folder


@dataclass(frozen=True, slots=True)
class Settings:
    """Immutable settings of one running system.

    ``data_dir`` holds what is not in the database: the session secret, the log
    signing key and import error files.  ``process_dir``/``form_dir`` are read when the
    shipped definitions are deployed, never while an instance runs.
    """

    database_url: str = ""
    data_dir: Path = field(default_factory=lambda: (SOURCE_TREE or Path.cwd()) / "var")
    process_dir: Path = field(default_factory=lambda: folder("processes"))
    form_dir: Path = field(default_factory=lambda: folder("forms"))
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    district_id: str = "370105"
    secret_key: str = ""
    province_url: str = ""
    province_timeout: int = 20  # seconds of silence after which a call is given up and repeated
    embedded_worker: bool = True
    secure_cookies: bool = False
    demo: bool = False
    session_idle_minutes: int = 60
    session_hours: int = 12
    sandbox_seconds: int = 30  # an office's bundle is judged within, see engine/lint/sandbox.py
    sandbox_memory_mb: int = 512
    command_seconds: int = 5  # what one command may take inside one instance, see engine/bpmn/spending.py
    command_memory_mb: int = 256

    @property
    def url(self) -> str:
        """The database URL; the embedded database lives in ``data_dir`` unless one is given."""
        return self.database_url or f"sqlite:///{self.data_dir / 'lianjian.db'}"

    @classmethod
    def from_env(cls, env: dict[str, str] | None = None) -> Settings:
        """Read ``LIANJIAN_*`` variables.

        Raises :class:`LianjianError` naming the variable when a value cannot be used.
        """
        e = dict(os.environ if env is None else env)

        def text(name: str, default: str) -> str:
            return e.get(f"LIANJIAN_{name}", default)

        def path(name: str, default: Path) -> Path:
            return Path(e.get(f"LIANJIAN_{name}", str(default))).resolve()

        def flag(name: str, default: bool) -> bool:
            raw = e.get(f"LIANJIAN_{name}")
            if raw is None:
                return default
            if raw.lower() in {"1", "true", "yes", "on"}:
                return True
            if raw.lower() in {"0", "false", "no", "off", ""}:
                return False
            raise LianjianError(f"环境变量 LIANJIAN_{name} 的值“{raw}”无效，请填写 1 或 0。")

        def number(name: str, default: int) -> int:
            raw = e.get(f"LIANJIAN_{name}")
            try:
                return default if raw is None else int(raw)
            except ValueError:
                raise LianjianError(f"环境变量 LIANJIAN_{name} 的值“{raw}”无效，请填写整数。") from None

        try:
            zone = ZoneInfo(text("TIMEZONE", "Asia/Shanghai"))
        except Exception:
            raise LianjianError("环境变量 LIANJIAN_TIMEZONE 不是有效的时区名称，例如 Asia/Shanghai。") from None
        base = cls()
        return cls(
            database_url=text("DATABASE_URL", ""),
            data_dir=path("DATA_DIR", base.data_dir),
            process_dir=path("PROCESS_DIR", base.process_dir),
            form_dir=path("FORM_DIR", base.form_dir),
            timezone=zone,
            district_id=text("DISTRICT_ID", base.district_id),
            secret_key=text("SECRET_KEY", ""),
            province_url=text("PROVINCE_URL", ""),
            province_timeout=number("PROVINCE_TIMEOUT", 20),
            embedded_worker=flag("EMBEDDED_WORKER", True),
            secure_cookies=flag("SECURE_COOKIES", False),
            demo=flag("DEMO", False),
            session_idle_minutes=number("SESSION_IDLE_MINUTES", 60),
            session_hours=number("SESSION_HOURS", 12),
            sandbox_seconds=number("SANDBOX_SECONDS", 30),
            sandbox_memory_mb=number("SANDBOX_MEMORY_MB", 512),
            command_seconds=number("COMMAND_SECONDS", 5),
            command_memory_mb=number("COMMAND_MEMORY_MB", 256),
        )
