#!/bin/sh
# Write the migration that takes the newest revision to what the models say now:
#   tools/migration.sh "add the penalty ledger"
# Read it before committing; tests/architecture/test_migrations.py checks both databases.
set -eu
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
LIANJIAN_DATABASE_URL="sqlite:///$folder/empty.db" "$python" - "$1" <<'EOP'
import sys
from pathlib import Path
from alembic import command
from engine.schema import config, upgrade
from engine.settings import Settings
from engine.shipped import folder

if any(Path(folder("migrations"), "versions").glob("*.py")):
    upgrade(Settings.from_env().url)
number = len(list(Path(folder("migrations"), "versions").glob("*.py"))) + 1
command.revision(config(), message=sys.argv[1], autogenerate=True, rev_id=f"{number:04d}")
EOP
"${python%python}ruff" format --quiet migrations
"${python%python}ruff" check --fix migrations
