// Checks that every level shares: manifest, witnesses, public log.
import { fromHex, utf8 } from "./bytes.js";
import { logLeaf, merkleRoot, pathHolds, sha256Hex, sm3Hex, witnessCommitment } from "./draw.js";
import { signatureHolds } from "./ed25519.js";
import { json } from "./record.js";
import { demand } from "./report.js";

const MANIFEST_KEYS = [
  "spec", "hash", "draw_id", "mode", "candidates", "exclusions", "inspectors", "registry", "key_sha256", "ppm",
  "rounding", "entropy_rule", "witnesses", "caps", "disclosure", "committed_at", "recusals", "jobs_rule",
];
const FIELDS = { commit: 7, witness: 5, result: 6, change: 5, abort: 4, annul: 4, import: 6, audit: 5 };

const HASH_WORDS = { sha256: "SHA-256", sm3: "SM3" };
const MODE_WORDS = { open: "公开抽取", sealed: "受保护抽取" };

// 2026-03-02T09:00:05.000+08:00 as people read it; any other text as it stands.
function beijing(at) {
  const found = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?\+08:00$/.exec(at);
  return found ? `北京时间 ${found[1]}年${Number(found[2])}月${Number(found[3])}日 ${found[4]} ` : ` ${at} `;
}

export function checkManifest(report) {
  let found = null;
  report.check("manifest", "封存清单格式", () => {
    const manifest = json("manifest.json", report.text("manifest.json"));
    const absent = MANIFEST_KEYS.filter((key) => !(key in manifest));
    demand(!absent.length, `manifest.json 缺少 ${absent.join("、")}。`);
    demand(manifest.spec === "SSJ1", `规程“${manifest.spec}”不是 SSJ1。`);
    demand(["sha256", "sm3"].includes(manifest.hash), `不认识的摘要算法“${manifest.hash}”。`);
    demand(["open", "sealed"].includes(manifest.mode), `不认识的模式“${manifest.mode}”。`);
    demand(["ceil", "hamilton", "systematic"].includes(manifest.rounding), `不认识的取整方法“${manifest.rounding}”。`);
    demand(["protected", "open"].includes(manifest.disclosure), "公开方式应为 protected 或 open。");
    demand(Boolean(manifest.key_sha256) === (manifest.mode === "sealed"), "密钥摘要与模式不符。");
    found = manifest;
    report.draw_id = manifest.draw_id;
    return `符合规程 SSJ1，${HASH_WORDS[manifest.hash]} 摘要，${MODE_WORDS[manifest.mode]}。`;
  });
  return found;
}

// Were all parts logged before any was revealed, in the manifest's order, by people of different departments?
export function witnessesHold(manifest, result) {
  const people = result.witnesses;
  demand(
    people.length === manifest.witnesses.length && people.every((w, i) => w.id === manifest.witnesses[i]),
    "抽取监督人与封存时的名单或顺序不一致。",
  );
  demand(people.length >= 2, "抽取监督人少于两名。");
  demand(new Set(people.map((w) => w.department)).size >= 2, "抽取监督人来自同一部门。");
  demand(new Set(people.map((w) => w.id)).size === people.length, "同一抽取监督人出现两次。");
  for (const w of people) {
    demand(witnessCommitment(w.nonce, w.part) === w.logged_sha256, `抽取监督人 ${w.id} 公布的随机因子与其事先登记的摘要不符。`);
    demand(manifest.committed_at <= w.logged_at, `抽取监督人 ${w.id} 的登记早于名单封存。`);
    demand(w.part && !/[|\t\r\n;]/.test(w.part), "随机因子为空或含有分隔符。");
  }
  const lastLogged = people.map((w) => w.logged_at).sort().pop();
  demand(people.every((w) => lastLogged <= w.revealed_at), "有随机因子在全部登记完成之前公布。");
  demand(people.map((w) => w.part).join(";") === result.entropy, "随机因子与各部分拼接不一致。");
  return `${people.length} 名抽取监督人均先登记后公布，随机因子吻合。`;
}

export function checkWitnesses(report, manifest, result) {
  report.check("witnesses", "抽取监督人与随机因子", () => witnessesHold(manifest, result));
}

// Did every witness's digest enter the public log, once?
export function witnessesLogged(lines, result) {
  const logged = lines.filter((fields) => fields[0] === "witness");
  const byId = new Map(logged.map((fields) => [fields[2], fields]));
  demand(byId.size === logged.length, "同一抽取监督人登记了两次。");
  for (const w of result.witnesses) {
    const fields = byId.get(w.id);
    demand(fields && fields[3] === w.logged_sha256 && fields[4] === w.logged_at, `抽取监督人 ${w.id} 的登记与日志不符。`);
  }
  demand(byId.size === result.witnesses.length, "日志中登记的抽取监督人与结果不符。");
  return "每名抽取监督人的登记都先进入了公开日志。";
}

export function checkWitnessLog(report, lines, result) {
  report.check("witness-log", "随机因子登记", () => witnessesLogged(lines, result));
}

export function leafFields(leaf) {
  const fields = leaf.split("\t");
  demand(FIELDS[fields[0]] === fields.length, `公开日志中有无法识别的一行：${leaf.slice(0, 80)}`);
  return fields;
}

// The fields of the draw's lines that are proven to be in the signed log.
export function checkLog(report, proof, logKey) {
  let lines = [];
  const held = report.check("log", "公开日志收录", () => {
    for (const entry of [proof, ...proof.entries]) {
      demand(pathHolds(logLeaf(entry.leaf), entry.index, proof.size, entry.path, proof.root), `日志第 ${entry.index} 行不在所示的日志树中。`);
      const fields = leafFields(entry.leaf);
      demand(!lines.length || fields[1] === lines[0][1], "日志行不属于这次抽取。");
      lines.push(fields);
    }
    return `封存与其后 ${lines.length - 1} 个步骤均在公开日志中（日志共 ${proof.size} 行）。`;
  });
  if (!held) lines = [];
  report.check("log-signature", "日志签名", () => {
    const { head } = proof;
    demand(signatureHolds(head.public_key, head.signature, utf8(head.text)), "日志签名无效。");
    const parts = head.text.split("\t");
    demand(parts.length === 5 && parts[0] === "SSJ1-log", "日志签名头的格式无法识别。");
    demand(Number(parts[2]) === proof.size && parts[3] === proof.root, "签名针对的是另一份日志。");
    demand(!logKey || head.public_key === logKey, "日志不是用您所知的公钥签名的。");
    return `日志于${beijing(parts[4])}由公钥 ${head.public_key.slice(0, 16)}… 签名，签名有效。`;
  });
  return lines;
}

// Series, its mark ("T" trial draws, "A" late additions of one draw, else none) and number of a draw's id.
function seriesOf(id) {
  const at = id.lastIndexOf("-");
  const [, mark, digits] = /^([TA]?)(.*)$/.exec(id.slice(at + 1));
  return { series: id.slice(0, Math.max(at, 0)), mark, number: /^[0-9]+$/.test(digits) ? Number(digits) : 0 };
}

export function checkWholeLog(report, proof, drawId) {
  if (!report.files.has("log.tsv")) {
    report.notes.push("记录未附完整日志，无法核对编号是否连续。");
    return;
  }
  report.check("log-complete", "日志完整", () => {
    const leaves = report.text("log.tsv").split("\n").slice(0, -1);
    demand(leaves.length === proof.size, "完整日志的行数与签名不符。");
    demand(merkleRoot(leaves.map(logLeaf)) === proof.root, "完整日志与签名的根不符。");
    const rows = leaves.map(leafFields);
    const own = rows.filter((fields) => fields[1] === drawId);
    const starts = (fields) => fields[0] === "commit" || fields[0] === "import";
    demand(own.filter(starts).length === 1, "同一抽取编号有两次封存，后一次不是原来的名单。");
    demand(own.filter((fields) => fields[0] === "result").length <= 1, "同一抽取编号有两个结果。");
    const shown = new Set([proof, ...proof.entries].map((entry) => entry.leaf));
    demand(!leaves.some((leaf, i) => rows[i][1] === drawId && !shown.has(leaf)), "日志中有属于这次抽取、但记录未列出的步骤。");
    const { series, mark } = seriesOf(drawId);
    const numbers = rows
      .filter((fields) => fields[0] === "commit")
      .map((fields) => seriesOf(fields[1]))
      .filter((other) => other.series === series && other.mark === mark)
      .map(({ number }) => number)
      .sort((a, b) => a - b);
    const imported = own.some((fields) => fields[0] === "import"); // the platform's numbers are not ours
    demand(imported || numbers.every((n, i) => n === i + 1), "抽取编号不连续，可能有抽取被隐瞒。");
    const ended = own.find((fields) => fields[0] === "abort" || fields[0] === "annul");
    if (ended) report.notes.push(`这次抽取已${ended[0] === "abort" ? "中止" : "作废"}：${ended[2]}`);
    return imported ? "平台编号只登记一次。" : `编号连续（共 ${numbers.length} 次抽取），每个编号只封存一次。`;
  });
}

export function commitMatches(lines, manifestText) {
  demand(lines.length, "日志中没有可用的封存记录。");
  demand(lines[0][0] === "commit", "日志中的第一步不是名单封存。");
  demand(lines[0][2] === sha256Hex(manifestText), "封存清单与日志中公布的 SHA-256 摘要不符。");
  demand(lines[0][3] === sm3Hex(manifestText), "封存清单与日志中公布的 SM3 摘要不符。");
  return "封存清单与随机因子产生之前公布的摘要一致。";
}

export const leafHashes = (text) => text.split("\n").slice(0, -1).map(fromHex);
