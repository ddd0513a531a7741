"""The WSGI application (``gunicorn server:app``); ``python server.py`` serves it."""

from __future__ import annotations

if __name__ == "__main__":
    from engine.cli import main

    main(["serve"])
else:
    from engine.inspection.installation import open_engine
    from engine.settings import Settings
    from engine.web.app import create_app

    settings = Settings.from_env()
    app = create_app(settings, open_engine(settings))
