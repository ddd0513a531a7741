"""The browser assets: found by name, built from an unchanged tree only once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from engine.errors import LianjianError
from engine.web import assets


def test_an_entry_leads_to_its_hashed_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"app.js": "app-ABCDEFGH.js"}')
    assert assets.Manifest(tmp_path).url("app.js") == "/static/dist/app-ABCDEFGH.js"


@pytest.mark.parametrize("manifest", ["{}", None])
def test_what_was_not_built_names_the_command(tmp_path: Path, manifest: str | None) -> None:
    if manifest:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(LianjianError, match=r"engine\.web\.assets build"):
        assets.Manifest(tmp_path).url("app.js")


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("app-5QZ3K7XL.js", True),
        ("/static/dist/style-AAAAAAAA.css", True),
        ("icon.svg", False),
        ("manifest.json", False),
    ],
)
def test_only_names_with_a_hash_may_be_kept_for_ever(name: str, hashed: bool) -> None:
    assert assets.is_hashed(name) is hashed


def test_the_stamp_changes_with_a_name_or_a_byte_and_ignores_installed_packages(tmp_path: Path) -> None:
    def stamp() -> str:
        return assets.digest(assets.inputs(tmp_path), tmp_path)

    (tmp_path / "a.js").write_text("1")
    first = stamp()
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("x")
    assert stamp() == first
    (tmp_path / "a.js").write_text("2")
    second = stamp()
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({first, second, stamp()}) == 3


def test_a_build_is_current_only_when_its_files_are_all_there(tmp_path: Path) -> None:
    assert not assets.is_current("s", tmp_path)
    (tmp_path / "stamp.json").write_text(json.dumps({"inputs": "s", "files": ["app.js"]}))
    assert not assets.is_current("s", tmp_path)
    (tmp_path / "app.js").write_text("")
    assert assets.is_current("s", tmp_path)
    assert not assets.is_current("other", tmp_path)


def test_an_unchanged_tree_is_not_built_again(tmp_path: Path) -> None:
    frontend, dist = tmp_path / "frontend", tmp_path / "dist"
    frontend.mkdir()
    dist.mkdir()
    (frontend / "package.json").write_text("{}")
    stamp = assets.digest(assets.inputs(frontend), frontend)
    (dist / "stamp.json").write_text(json.dumps({"inputs": stamp, "files": []}))
    assert assets.build(frontend, dist) is False


def test_node_and_its_npm_are_found() -> None:
    node, npm = assets.node_and_npm()
    assert Path(node).exists() and all(Path(part).exists() for part in npm)


def test_the_built_files_are_complete_small_and_compressed() -> None:
    names = json.loads((assets.DIST / "manifest.json").read_text())
    assert {"app.js", "style.css", "viewer.js", "viewer.css", "witness.js"} <= set(names)
    script = assets.DIST / names["app.js"]
    packed = script.with_name(script.name + ".gz").read_bytes()
    assert gzip.decompress(packed) == script.read_bytes()
    assert len(packed) < 30_000, "every page loads the app script"


def test_an_installed_wheel_without_sources_has_nothing_to_build(tmp_path: Path) -> None:
    with pytest.raises(LianjianError, match="没有找到前端源码"):
        assets.build(tmp_path / "frontend", tmp_path / "dist")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "manifest.json").write_text("{}")
    assert assets.build(tmp_path / "frontend", tmp_path / "dist") is False


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((assets.FRONTEND / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("resolved" not in entry and entry["integrity"] for entry in packages.values())


def test_a_wrong_command_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert assets.main(["clean"]) == 2
    assert "usage" in capsys.readouterr().err
