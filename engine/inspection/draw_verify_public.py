"""What the public and a single firm can check of a protected draw."""

from __future__ import annotations

from typing import Any

from engine import merkle
from engine.inspection import draw
from engine.inspection.draw_record import parse_json
from engine.inspection.draw_verify import (
    Verification,
    check_log,
    check_manifest,
    check_whole_log,
    check_witnesses,
    commit_matches,
    only,
    require,
)

PUBLIC_NOTE = (
    "公众可以核对：名单在随机因子产生之前已经封存、此后未改、编号连续、随机因子由各抽取监督人先登记后公布。"
    "抽取是否逐一符合规则，由纪检监察、司法和上级机关等审计人员用完整记录核验，其核验本身也登入公开日志。"
)


def _proof(v: Verification) -> dict[str, Any]:
    proof: dict[str, Any] = {}

    def readable() -> str:
        proof.update(v.json("log.json"))
        return "日志证明可读取。"

    v.check("log-file", "日志证明", readable)
    return proof


def verify_public(v: Verification, log_key: str) -> None:
    """After the task: commitment, salted leaves, witnesses, list of inspected firms."""
    v.report.notes.append(PUBLIC_NOTE)
    manifest = check_manifest(v)
    proof = _proof(v)
    if not manifest or not proof:
        return
    lines = check_log(v, proof, log_key)
    check_whole_log(v, proof, str(manifest["draw_id"]))
    v.check("commitment", "封存摘要", lambda: commit_matches(lines, v.text("manifest.json")))

    def leaves() -> str:
        hashes = [bytes.fromhex(line) for line in v.text("leaves.txt").split("\n")[:-1]]
        require(len(hashes) == manifest["candidates"]["count"], "叶子数与封存的名单数不符。")
        require(merkle.root(hashes).hex() == manifest["candidates"]["merkle"], "叶子与封存的默克尔根不符。")
        return f"{len(hashes)} 个加盐叶子构成封存的默克尔根。"

    v.check("leaves", "名单叶子", leaves)
    result: dict[str, Any] = {}

    def public_result() -> str:
        result.update(v.json("public-result.json"))
        require(result["draw_id"] == manifest["draw_id"], "结果属于另一次抽取。")
        logged = only(lines, "result")
        require(len(logged) == 1, "日志中没有这次抽取的结果。")
        require(result["result_sha256"] == logged[0][2], "结果摘要与日志不符。")
        seed = draw.seed_of(manifest["hash"], manifest["draw_id"], result["entropy"])
        require(seed == logged[0][3], "种子与日志中登记的不符。")
        return "随机因子算出的种子与日志登记一致。"

    v.check("result", "抽取结果", public_result)
    if result:
        check_witnesses(v, manifest, result)

    def inspected() -> str:
        ids = v.text("inspected.tsv").split("\n")[:-1]
        require(ids == sorted(set(ids), key=str.encode), "被检查对象清单未排序或有重复。")
        require(len(ids) == result["inspected"], "被检查对象数与结果不符。")
        return f"被检查对象共 {len(ids)} 个。"

    v.check("inspected", "被检查对象清单", inspected)


def verify_commitment(v: Verification, log_key: str) -> None:
    """During a protected task: only that something was committed, when, and how much."""
    v.report.notes.append("任务进行期间只公布封存摘要、数量和日志；任务结束后公布加盐叶子与被检查对象清单。")
    proof = _proof(v)
    if not proof:
        return
    lines = check_log(v, proof, log_key)

    def same() -> str:
        commitment = v.json("commitment.json")
        v.report.draw_id = str(commitment["draw_id"])
        require(lines, "日志中没有可用的封存记录。")
        if lines[0][0] == "import":
            same = [commitment["draw_id"], commitment["draw_id"], commitment["receipt"]]
            require(same == lines[0][1:4], "平台编号或回执与日志不符。")
            v.report.notes.append("本次抽取在省工作平台完成，随机过程由平台负责，本系统只登记其编号、回执和名单摘要。")
            return f"平台抽取的名单摘要已登入公开日志，回执 {commitment['receipt']}。"
        require(lines[0][0] == "commit", "日志中没有可用的封存记录。")
        stated = [
            commitment["draw_id"], commitment["manifest_sha256"], commitment["manifest_sm3"], commitment["merkle"],
            str(commitment["counts"]["candidates"]), commitment["committed_at"],
        ]  # fmt: skip
        require(stated == lines[0][1:], "公布的封存摘要与日志不符。")
        return f"名单于 {commitment['committed_at']} 封存，摘要已登入公开日志。"

    v.check("commitment", "封存摘要", same)
    check_whole_log(v, proof, v.report.draw_id)


def verify_door(v: Verification, log_key: str) -> None:
    """A firm at its door: was I on the committed list, and was my lot drawn?"""
    v.report.notes.append("本核验只涉及本单位。全部抽取是否符合规则，由审计人员用完整记录核验。")
    name = next(n for n, text in v.files.items() if n.endswith(".json") and '"door-proof"' in text[:400])
    data: dict[str, Any] = {}

    def readable() -> str:
        data.update(parse_json(name, v.text(name)))
        require(data["spec"] == draw.SPEC, f"规程“{data['spec']}”不是 {draw.SPEC}。")
        v.report.draw_id = str(data["draw_id"])
        return f"核验对象 {data['id']}。"

    if not v.check("door", "核验文件", readable):
        return
    lines = check_log(v, data["log"], log_key) if isinstance(data.get("log"), dict) else []
    proof = draw.DoorProof(
        data["hash"], data["draw_id"], data["id"], data["stratum"], data["salt"], data["seed"], data["threshold"],
        data["index"], data["count"], tuple(data["path"]), data["merkle"],
    )  # fmt: skip

    def listed() -> str:
        commits = only(lines, "commit")
        require(len(commits) == 1 and commits[0][1] == proof.draw_id, "日志中没有这次抽取的封存记录。")
        require(commits[0][4] == proof.merkle and commits[0][5] == str(proof.count), "名单的根与日志中封存的不符。")
        require(proof.on_the_list(), "本单位不在封存的名单中，或名单行、盐值被改动。")
        return f"本单位是封存名单 {proof.count} 个对象之一。"

    def drawn() -> str:
        results = only(lines, "result")
        require(len(results) == 1 and results[0][3] == proof.seed, "种子与日志中登记的不符。")
        require(proof.drawn(), "按公布的种子计算，本单位未被抽中。")
        return "按登记的种子计算，本单位的签号不大于所在分层的最后一个中签号，确被抽中。"

    v.check("listed", "在封存名单中", listed)
    v.check("drawn", "确被抽中", drawn)
