"""A closed inspection is archived, downloaded, verified by anybody; a changed package names what was changed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from engine.actor import Actor
from engine.commands.add_attachment import AddAttachment
from engine.commands.export_root import ExportRoot
from engine.errors import InvalidInput
from engine.history import Chain, event_hash
from engine.inspection.archives.verify import Report, verify
from engine.models import ProcessInstance
from tests.support.pages import District
from tests.support.planted import readable

Edit = Callable[[dict[str, bytes]], None]
REASON = "签收单由当事人保管，已电话核实。"


def closed(district: District) -> ProcessInstance:
    """The first inspection of the prepared campaign, closed."""
    number = min(t.business_key.rpartition("/")[0] for t in district.office.open_tasks("review"))
    review = district.office.open_tasks("review", business_key=f"{number}/SCJG")[0]
    photo = io.BytesIO()
    Image.new("RGB", (900, 600), "green").save(photo, "JPEG")
    command = AddAttachment(review.id, "photos", "现场.jpg", "image/jpeg", photo.getvalue())
    district.engine.execute(command, actor=district.office.who(review))
    while True:
        waiting = [
            t for t in district.office.open_tasks()
            if "inspection" in t.process_key and f"{t.business_key}/".startswith(f"{number}/")
        ]  # fmt: skip
        if not waiting:
            break
        for task in waiting:
            district.office.do(task)
    with district.engine.read() as session:
        return session.scalars(
            sa.select(ProcessInstance).where(
                ProcessInstance.process_key == "inspection", ProcessInstance.business_key == number
            )
        ).one()


def changed(package: bytes, path: Path, edit: Edit) -> Path:
    """The package with its files edited."""
    with zipfile.ZipFile(io.BytesIO(package)) as old:
        files = {name: old.read(name) for name in old.namelist()}
    edit(files)
    with zipfile.ZipFile(path, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)
    return path


def events(files: dict[str, bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in files["history/events.jsonl"].splitlines()]


def put_events(files: dict[str, bytes], found: list[dict[str, object]]) -> None:
    files["history/events.jsonl"] = b"".join(json.dumps(e, ensure_ascii=False).encode() + b"\n" for e in found)


def forged_volume(files: dict[str, bytes]) -> None:
    files["案卷.pdf"] += b"%"


def missing_file(files: dict[str, bytes]) -> None:
    del files["怎样核验.txt"]


def foreign_file(files: dict[str, bytes]) -> None:
    files["原件/9999-补.jpg"] = b"x"


def altered_event(files: dict[str, bytes]) -> None:
    found = events(files)
    found[3]["body"] = str(found[3]["body"]).replace("}", " }")
    put_events(files, found)


def removed_event(files: dict[str, bytes]) -> None:
    found = events(files)
    put_events(files, found[:2] + found[3:])


def recomputed_event(files: dict[str, bytes]) -> None:
    """Whoever can recompute a hash still cannot put it into the root."""
    found = events(files)
    last = found[-1]
    last["actor_name"] = "别人"
    last["hash"] = event_hash(
        "370105", str(last["stream"]), int(str(last["seq"])), datetime.fromisoformat(str(last["at"])), None,
        "别人", str(last["kind"]), str(last["body"]), str(last["prev_hash"]),
    )  # fmt: skip
    put_events(files, found)


def forged_original(files: dict[str, bytes]) -> None:
    """Another photo, and its digest in the index as well."""
    name = next(name for name in files if name.startswith("原件/"))
    before = hashlib.sha256(files[name]).hexdigest()
    files[name] += b"another"
    after = hashlib.sha256(files[name]).hexdigest()
    files["index.json"] = files["index.json"].replace(before.encode(), after.encode())


def rewritten_index(files: dict[str, bytes]) -> None:
    files["index.json"] = files["index.json"].replace("10年".encode(), "30年".encode())


@pytest.fixture
def package(district: District) -> bytes:
    """The ZIP of an archived inspection."""
    officer = district.sign_in("scjg-officer")
    page = f"/archives/cases/{closed(district).id}"
    assert officer.post(page, {"reason": REASON}, page=page).status_code == 303
    link = next(part for part in officer.text(page).split('"') if part.endswith("/file.zip"))
    return officer.get(link).data


def test_a_package_names_what_was_changed_in_it(package: bytes, tmp_path: Path) -> None:
    said: list[tuple[Edit, str]] = [
        (forged_volume, "文件“案卷.pdf”的内容被改动"),
        (missing_file, "缺少文件“怎样核验.txt”"),
        (foreign_file, "没有列出的文件“原件/9999-补.jpg”"),
        (altered_event, "的内容被改动：与哈希不符"),
        (removed_event, "之后缺少办理记录"),
        (recomputed_event, "不在公布的根中"),
        (forged_original, "与上传时登记的 SHA-256 不符"),
        (rewritten_index, "index.json 被改动"),
    ]
    for edit, words in said:
        report = verify(changed(package, tmp_path / "changed.zip", edit))
        assert any(words in problem for problem in report.problems), (edit, report.problems)
        assert "核验未通过" in report.text()
    with pytest.raises(InvalidInput, match="不是完整的档案包"):
        verify(changed(package, tmp_path / "none.zip", lambda files: files.clear()))


def test_an_inspection_is_archived_read_and_archived_again_when_something_was_added(
    district: District, tmp_path: Path
) -> None:
    officer, other = district.sign_in("scjg-officer"), district.sign_in("yjj-officer")
    instance = closed(district)
    page = f"/archives/cases/{instance.id}"
    waiting = officer.text("/archives?state=waiting")
    assert instance.title in waiting and "项材料" in waiting
    assert f"/archives/cases/{instance.id}" in officer.text(f"/inspections/{instance.business_key}")
    together = officer.post("/archives", {"instance": instance.id}, page="/archives?state=waiting").text
    assert "有 1 件没有归档" in together and "请写明仍予归档的理由" in together
    refused = officer.post(page, {"reason": " "}, page=page)
    assert (
        refused.status_code == 422 and "请写明仍予归档的理由" in refused.text and "省工作平台的公示回执" in refused.text
    )
    assert other.post(page, {"reason": REASON}).status_code == 403
    assert officer.post(page, {"reason": REASON}, page=page).status_code == 303
    shown = officer.text(page)
    assert "SCJG-JC·2026-D10-0001" in shown and REASON in shown and "2036-12-31" in shown
    assert "已归档 SCJG-JC·2026-D10-0001" in officer.text(f"/inspections/{instance.business_key}")
    assert instance.title in officer.text("/archives?q=JC")
    assert "没有新的记录" in officer.post(page, {"reason": REASON}, page=page, follow_redirects=True).text
    links = [part for part in shown.split('"') if "/archives/" in part and "/file." in part]
    pdf, zipped = (officer.get(link) for link in links)
    assert pdf.data.startswith(b"%PDF") and b"/Subtype /Image" in pdf.data, "photos stand in the evidence list"
    said = readable(pdf.data, "application/pdf")
    assert "告知记录" in said and "检查事由、依据和陈述" in said.replace("\r\n", "") and "检查结果" in said
    assert zipped.content_length == len(zipped.data)
    # Whoever may not see every department's part may not have the file; the public has nothing at all.
    assert "不能查看的部门记录" in other.text(page) and other.get(links[0]).status_code == 404
    assert district.app.test_client().get(links[0]).status_code in (302, 303, 401)
    kept = tmp_path / "case.zip"
    kept.write_bytes(zipped.data)
    roots = json.loads(district.app.test_client().get("/public/history-roots.json").data)
    report = verify(kept, roots)
    assert report.ok and report.events > 20 and "在公布的根中" in report.compared
    wrong = {"roots": [{**roots["roots"][-1], "root": "00" * 32}]}
    assert "整包可能被重做" in verify(kept, wrong).text()
    _add_something(district, instance)
    with pytest.raises(InvalidInput, match="--link"):
        verify(kept, newest(district))
    assert officer.post(page, {"reason": "补充省工作平台回执。"}, page=page).status_code == 303
    again = officer.text(page)
    assert "第 2 卷" in again and again.count("SCJG-JC·2026-D10-0001") >= 2
    later = json.loads(district.app.test_client().get("/public/history-roots.json").data)["roots"][-1]
    path = next(part for part in again.split('"') if f"link-{later['size']}.json" in part)
    assert linked(kept, later, json.loads(officer.get(path).data)).ok


def newest(district: District) -> dict[str, object]:
    """A root as an auditor exported it later."""
    root: dict[str, object] = district.engine.execute(ExportRoot(), actor=Actor.system())
    return root


def linked(path: Path, root: dict[str, object], link: dict[str, object]) -> Report:
    bent = {**link, "path": list(reversed(link["path"]))}  # type: ignore[call-overload]
    assert "衔接证明不成立" in verify(path, root, bent).text() or bent["path"] == link["path"]
    return verify(path, root, link)


def _add_something(district: District, instance: ProcessInstance) -> None:
    with district.engine.database.write() as session:
        chain = Chain(session, instance.district_id)
        chain.append(
            instance.id, "province-receipt", {"receipt": "SD-1"}, actor=Actor.system(), now=district.clock()
        )  # fmt: skip
