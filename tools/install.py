"""Make the virtual environment and install the locked packages and the project into it.

    python3 tools/install.py            what `make run` needs
    python3 tools/install.py --dev      the same and the test tools

Runs on the machine's own Python (3.11 or later), standard library only.  A stamp
holding the hash of everything read here makes a second run return at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN_LOCKS = ("requirements.txt", "requirements-build.txt")
DEV_LOCKS = ("requirements-dev.txt",)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="also install the test tools")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    options = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs on whatever Python the machine has
        print(f"需要 Python 3.11 或更高版本，当前是 {sys.version.split()[0]}。", file=sys.stderr)
        return 2
    folder: Path = options.venv.resolve()
    stamp = folder / "installed-dev" if options.dev else folder / "installed"
    locks = DEV_LOCKS if options.dev else RUN_LOCKS
    wanted = fingerprint(locks)
    # The development set contains the other one.
    if wanted == read(stamp) or (not options.dev and fingerprint(DEV_LOCKS) == read(folder / "installed-dev")):
        return 0
    for old in ("installed", "installed-dev"):
        (folder / old).unlink(missing_ok=True)
    python = folder / "bin" / "python"
    if not python.exists():
        say("创建虚拟环境 .venv")
        try:
            venv.create(folder, with_pip=True)
        except (subprocess.CalledProcessError, ImportError):
            print("无法创建虚拟环境：请先安装 venv 模块（Debian：apt-get install python3-venv）。", file=sys.stderr)
            return 2
    files = [argument for lock in locks for argument in ("-r", str(ROOT / lock))]
    # The lock is complete, so nothing is left for pip to resolve; every archive must match its hash.
    install(python, "--no-deps", "--require-hashes", *files)
    say("安装本项目")
    install(python, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    stamp.write_text(wanted)
    return 0


def fingerprint(locks: tuple[str, ...]) -> str:
    """Hash of what decides the content of the environment."""
    digest = hashlib.sha256(f"{sys.version}{ROOT}".encode())
    for name in (*locks, "setup.cfg", "pyproject.toml", "tools/install.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install(python: Path, *arguments: str) -> None:
    """Run pip, showing how far it is; its whole output is printed when it fails."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    assert process.stdout is not None
    output, fetched, shown = [], 0, time.monotonic()
    for line in process.stdout:
        output.append(line)
        fetched += line.startswith("Collecting ")
        if fetched and (time.monotonic() - shown > 5 or line.startswith("Installing ")):
            shown = time.monotonic()
            say("写入软件包" if line.startswith("Installing ") else f"已取得 {fetched} 个软件包")
    if process.wait():
        sys.stderr.writelines(output)
        raise SystemExit("安装未完成，原因见上。若是网络或软件源的问题，恢复后重新运行即可。")


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def say(text: str) -> None:
    print(f"  {text} …", flush=True)


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    raise SystemExit(main())
