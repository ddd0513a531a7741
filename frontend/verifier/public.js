// What the public and a single firm can check of a protected draw.
import { fromHex } from "./bytes.js";
import { checkLog, checkManifest, checkWholeLog, checkWitnesses, commitMatches, leafHashes } from "./common.js";
import { hashOf, listLeaf, merkleRoot, pathHolds, seedOf, ticketOf } from "./draw.js";
import { json } from "./record.js";
import { byteOrder } from "./bytes.js";
import { demand } from "./report.js";

const PUBLIC_NOTE =
  "公众可以核对：名单在随机因子产生之前已经封存、此后未改、编号连续、随机因子由各抽取监督人先登记后公布。" +
  "抽取是否逐一符合规则，由纪检监察、司法和上级机关等审计人员用完整记录核验，其核验本身也登入公开日志。";

function readProof(report) {
  let proof = null;
  report.check("log-file", "日志证明", () => ((proof = json("log.json", report.text("log.json"))), "日志证明可读取。"));
  return proof;
}

const only = (lines, kind) => lines.filter((fields) => fields[0] === kind);

export function verifyPublic(report, logKey) {
  report.notes.push(PUBLIC_NOTE);
  const manifest = checkManifest(report);
  const proof = readProof(report);
  if (!manifest || !proof) return;
  const lines = checkLog(report, proof, logKey);
  checkWholeLog(report, proof, manifest.draw_id);
  report.check("commitment", "封存摘要", () => commitMatches(lines, report.text("manifest.json")));
  report.check("leaves", "名单叶子", () => {
    const leaves = leafHashes(report.text("leaves.txt"));
    demand(leaves.length === manifest.candidates.count, "叶子数与封存的名单数不符。");
    demand(merkleRoot(leaves) === manifest.candidates.merkle, "叶子与封存的默克尔根不符。");
    return `${leaves.length} 个加盐叶子构成封存的默克尔根。`;
  });
  let result;
  report.check("result", "抽取结果", () => {
    result = json("public-result.json", report.text("public-result.json"));
    demand(result.draw_id === manifest.draw_id, "结果属于另一次抽取。");
    const logged = only(lines, "result");
    demand(logged.length === 1, "日志中没有这次抽取的结果。");
    demand(result.result_sha256 === logged[0][2], "结果摘要与日志不符。");
    demand(seedOf(hashOf(manifest.hash), manifest.draw_id, result.entropy) === logged[0][3], "种子与日志中登记的不符。");
    return "随机因子算出的种子与日志登记一致。";
  });
  if (result) checkWitnesses(report, manifest, result);
  report.check("inspected", "被检查对象清单", () => {
    const ids = report.text("inspected.tsv").split("\n").slice(0, -1);
    demand(ids.every((id, i) => i === 0 || byteOrder(ids[i - 1], id) < 0), "被检查对象清单未排序或有重复。");
    demand(result && ids.length === result.inspected, "被检查对象数与结果不符。");
    return `被检查对象共 ${ids.length} 个。`;
  });
}

export function verifyCommitment(report, logKey) {
  report.notes.push("任务进行期间只公布封存摘要、数量和日志；任务结束后公布加盐叶子与被检查对象清单。");
  const proof = readProof(report);
  if (!proof) return;
  const lines = checkLog(report, proof, logKey);
  report.check("commitment", "封存摘要", () => {
    const shown = json("commitment.json", report.text("commitment.json"));
    report.draw_id = shown.draw_id;
    demand(lines.length, "日志中没有可用的封存记录。");
    if (lines[0][0] === "import") {
      const stated = [shown.draw_id, shown.draw_id, shown.receipt];
      demand(stated.every((value, i) => value === lines[0][i + 1]), "平台编号或回执与日志不符。");
      report.notes.push("本次抽取在省工作平台完成，随机过程由平台负责，本系统只登记其编号、回执和名单摘要。");
      return `平台抽取的名单摘要已登入公开日志，回执 ${shown.receipt}。`;
    }
    demand(lines[0][0] === "commit", "日志中没有可用的封存记录。");
    const stated = [
      shown.draw_id, shown.manifest_sha256, shown.manifest_sm3, shown.merkle, String(shown.counts.candidates), shown.committed_at,
    ];
    demand(stated.every((value, i) => value === lines[0][i + 1]), "公布的封存摘要与日志不符。");
    return `名单于 ${shown.committed_at} 封存，摘要已登入公开日志。`;
  });
  checkWholeLog(report, proof, report.draw_id);
}

export function verifyDoor(report, logKey) {
  report.notes.push("本核验只涉及本单位。全部抽取是否符合规则，由审计人员用完整记录核验。");
  const name = [...report.files.keys()].find((file) => file.endsWith(".json") && report.files.get(file).slice(0, 400).includes('"door-proof"'));
  let data;
  const readable = report.check("door", "核验文件", () => {
    data = json(name, report.text(name));
    demand(data.spec === "SSJ1", `规程“${data.spec}”不是 SSJ1。`);
    report.draw_id = data.draw_id;
    return `核验对象 ${data.id}。`;
  });
  if (!readable) return;
  const lines = data.log ? checkLog(report, data.log, logKey) : [];
  report.check("listed", "在封存名单中", () => {
    const commits = only(lines, "commit");
    demand(commits.length === 1 && commits[0][1] === data.draw_id, "日志中没有这次抽取的封存记录。");
    demand(commits[0][4] === data.merkle && commits[0][5] === String(data.count), "名单的根与日志中封存的不符。");
    data.path.forEach(fromHex);
    const leaf = listLeaf(data.id, data.stratum, data.salt);
    demand(pathHolds(leaf, data.index, data.count, data.path, data.merkle), "本单位不在封存的名单中，或名单行、盐值被改动。");
    return `本单位是封存名单 ${data.count} 个对象之一。`;
  });
  report.check("drawn", "确被抽中", () => {
    const results = only(lines, "result");
    demand(results.length === 1 && results[0][3] === data.seed, "种子与日志中登记的不符。");
    const ticket = ticketOf(hashOf(data.hash), data.seed, data.id, data.salt);
    demand(data.threshold && ticket <= data.threshold, "按公布的种子计算，本单位未被抽中。");
    return "按登记的种子计算，本单位的签号不大于所在分层的最后一个中签号，确被抽中。";
  });
}
