"""The ZIP of a case file: index.json, the bound volume, every original, and the history with its proof.

``index.json`` lists every file with its SHA-256; its own digest is an event of the case
(``case-file-bound``), and that event, as every other one, leads to a published root.  So
nothing in the ZIP can be changed without contradicting a root that others keep.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.history_proofs import SealedLog
from engine.inspection.archive_models import CaseFile
from engine.inspection.archives.case import Case
from engine.inspection.archives.enclosures import Enclosure, content
from engine.models import HistoryEvent

FORMAT = "lianjian-archive/1"
PROOF_FORMAT = "lianjian-archive-proof/1"
INDEX, EVENTS, PROOF = "index.json", "history/events.jsonl", "history/proof.json"
VOLUME, README = "案卷.pdf", "怎样核验.txt"
#: Bytes copied at once.
CHUNK = 1 << 20
README_TEXT = """本档案包是一个案卷的全部材料，属于内部档案，不得对外公开。

案卷.pdf        封面、卷内目录、各步骤填写的内容、证据清单、办理经过、备考表
原件/           上传的原件，未作任何改动
公文/           出具的公文，每一版都在
index.json      每个文件的 SHA-256、档号、保管期限
history/        本案的办理记录（哈希链）和它们在公布的根中的证明

核验（不联网，不需要数据库，任何人都可以做）：

  lianjian verify-archive 档案包.zip
  lianjian verify-archive 档案包.zip --root 历史根.json

第一条核对包内是否自洽；第二条再与您从别处得到的历史根比对。
历史根由系统公布，纪检监察或审计部门应当有一份。退出码 0 为相符，4 为不符。
没有本程序的，也可以自己核对：index.json 列出的 SHA-256 与文件逐个比较；办理记录的算法见文档“办理记录”。
"""


def manifest(
    file: CaseFile, case: Case, enclosures: Sequence[Enclosure], volume: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
) -> bytes:  # fmt: skip
    """The text of ``index.json``; ``volume`` is size and SHA-256 of the PDF, ``parts`` the lines of its index."""
    readme = README_TEXT.encode()
    said = {
        "format": FORMAT,
        "archive_number": file.archive_number,
        "part": file.part,
        "category": file.category,
        "title": file.title,
        "business_key": file.business_key,
        "department": file.department,
        "retention": file.retention,
        "keep_until": file.keep_until.isoformat() if file.keep_until else None,
        "archived_at": file.archived_at.isoformat(),
        "missing": list(file.missing),
        "reason": file.reason,
        "cases": [
            {"stream": i.id, "process": i.process_key, "business_key": i.business_key, "department": i.department,
             "title": i.title, "state": i.status, "started_at": i.started_at.isoformat(),
             "ended_at": i.ended_at.isoformat() if i.ended_at else None}
            for i in case.instances
        ],
        "parts": list(parts),
        "files": [
            {"path": VOLUME, "kind": "volume", "name": VOLUME, "media_type": "application/pdf", **volume},
            {"path": README, "kind": "readme", "name": README, "media_type": "text/plain", "size": len(readme),
             "sha256": hashlib.sha256(readme).hexdigest()},
            *(
                {"path": e.path, "kind": e.kind, "name": e.name, "media_type": e.media_type, "size": e.size,
                 "sha256": e.sha256, "id": e.id, "stream": e.instance_id, "step": e.step, "by": e.by,
                 "at": e.at.isoformat()}
                for e in enclosures
            ),
        ],
    }  # fmt: skip
    return orjson.dumps(said, option=orjson.OPT_INDENT_2)


def write(
    out: IO[bytes], session: Session, case: Case, index: bytes, volume: Path, enclosures: Iterable[Enclosure],
    log: SealedLog, published_at: datetime, at: datetime,
) -> None:  # fmt: skip
    """Write the ZIP to ``out``, one original after the other."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:

        def put(path: str, pieces: Iterable[bytes]) -> None:
            info = zipfile.ZipInfo(path, at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with package.open(info, "w", force_zip64=True) as target:
                for piece in pieces:
                    target.write(piece)

        put(INDEX, [index])
        put(README, [README_TEXT.encode()])
        put(VOLUME, _pieces(volume))
        for enclosure in enclosures:
            put(enclosure.path, [content(session, enclosure)])
        paths: dict[str, list[str]] = {}
        put(EVENTS, _events(session, case, log, paths))
        proof = {
            "format": PROOF_FORMAT, "district_id": case.instance.district_id, "size": log.size, "root": log.root(),
            "published_at": published_at.isoformat(), "paths": paths,
        }  # fmt: skip
        put(PROOF, [orjson.dumps(proof)])


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _events(session: Session, case: Case, log: SealedLog, paths: dict[str, list[str]]) -> Iterator[bytes]:
    """The case's events up to the published root, a line each; their proofs are gathered in ``paths``."""
    rows = session.execute(
        sa.select(HistoryEvent.__table__)
        .where(
            HistoryEvent.district_id == case.instance.district_id, HistoryEvent.stream.in_(case.streams),
            HistoryEvent.position < log.size,
        )
        .order_by(HistoryEvent.stream, HistoryEvent.seq)
        .execution_options(yield_per=500)
    ).all()  # fmt: skip
    for row in rows:
        paths[str(row.position)] = log.inclusion_proof(row.position)
        line = {
            "position": row.position, "stream": row.stream, "seq": row.seq, "at": row.at.isoformat(),
            "actor_id": row.actor_id, "actor_name": row.actor_name, "kind": row.kind, "body": row.body,
            "prev_hash": row.prev_hash, "hash": row.hash,
        }  # fmt: skip
        yield orjson.dumps(line) + b"\n"
