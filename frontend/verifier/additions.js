// Late additions (补充名单): each committed under a number of its own before an entropy of its own.
import { commitMatches, leafFields, witnessesHold, witnessesLogged } from "./common.js";
import { hashOf, listLeaf, merkleRoot, saltOf, seedOf, sha256Hex, ticketOf } from "./draw.js";
import { json, jobsRule, table } from "./record.js";
import { byteOrder } from "./bytes.js";
import { demand } from "./report.js";

const SAME = ["hash", "mode", "key_sha256", "disclosure"];
const sorted = (report, start) => [...report.files.keys()].filter((name) => name.startsWith(start)).sort();

export function checkAdditions(report, manifest, result) {
  const names = sorted(report, "addition-");
  const log = (report.files.get("log.tsv") ?? "").split("\n").slice(0, -1).map(leafFields);
  const commits = log.filter(([kind, id]) => kind === "commit" && id.startsWith(`${manifest.draw_id}-A`));
  demand(names.length === commits.length, "补充名单的文件数与日志中封存的次数不符。");
  const drawn = new Map();
  for (const name of sorted(report, "change-")) {
    const change = json(name, report.text(name));
    if (change.kind !== "addition") continue;
    demand(!drawn.has(change.addition), `补充名单 ${change.addition} 抽取了两次。`);
    drawn.set(change.addition, report.text(name));
  }
  const listed = new Set(table("candidates.tsv", report.text("candidates.tsv")).map(([id]) => id));
  names.forEach((name, i) => {
    const text = report.text(name);
    const addition = json(name, text);
    const own = commits[i][1];
    demand(name === `addition-${String(i + 1).padStart(4, "0")}.json`, "补充名单的编号不连续。");
    demand(own === addition.draw_id && own === `${manifest.draw_id}-A${i + 1}`, `${name} 的编号与日志不符。`);
    commitMatches([commits[i]], text);
    demand(
      SAME.every((key) => addition[key] === manifest[key]) && addition.witnesses.join("\n") === manifest.witnesses.join("\n"),
      `${name} 与原封存清单的规则不同。`,
    );
    demand(addition.parent_manifest_sha256 === sha256Hex(report.text("manifest.json")), `${name} 属于另一份封存清单。`);
    checkList(name, addition, manifest, result.key, commits[i]);
    for (const { id } of addition.additions) {
      demand(!listed.has(id), `“${id}”已经在名单中，不得再次抽取。`);
      listed.add(id);
    }
    const steps = log.filter((fields) => fields[1] === own);
    if (drawn.has(own)) {
      checkEntropy(own, addition, drawn.get(own), steps);
      drawn.delete(own);
    } else {
      demand(!steps.some(([kind]) => kind === "result"), `补充名单 ${own} 在日志中已有结果，记录却缺少。`);
      const ended = steps.find(([kind]) => kind === "abort");
      report.notes.push(ended ? `补充名单 ${own} 已中止：${ended[2]}` : `补充名单 ${own} 已经封存，尚未抽取。`);
    }
  });
  demand(!drawn.size, "有补充名单的结果，却没有封存。");
  return names.length ? `${names.length} 份补充名单均先封存、后产生随机因子。` : "没有补充名单。";
}

function checkList(name, addition, manifest, key, commit) {
  const H = hashOf(manifest.hash);
  const rows = addition.additions;
  const text = rows.map(({ id, stratum }) => `${id}\t${stratum}\n`).join("");
  const root = merkleRoot(rows.map(({ id, stratum }) => listLeaf(id, stratum, saltOf(H, key, id))));
  const stated = addition.candidates;
  demand(
    rows.length && stated.sha256 === sha256Hex(text) && stated.count === rows.length && stated.merkle === root,
    `${name} 的名单与其摘要不符。`,
  );
  demand(rows.every(({ id }, i) => i === 0 || byteOrder(rows[i - 1].id, id) < 0), `${name} 未按编号排序或有重复。`);
  demand(commit[4] === root && commit[5] === String(rows.length), `${name} 的名单与日志中的根不符。`);
  const rule = jobsRule(manifest.jobs_rule);
  for (const { id, reason, departments } of rows) {
    demand(reason.trim(), `${name} 有对象未写明补充理由。`);
    const known = rule && departments.length && departments.every((d) => rule.departments.has(d));
    demand(known, `${name} 中“${id}”的检查部门不在封存的规则中。`);
  }
}

function checkEntropy(own, addition, text, steps) {
  const change = json(own, text);
  witnessesHold(addition, change);
  witnessesLogged(steps, change);
  const results = steps.filter(([kind]) => kind === "result");
  const seed = seedOf(hashOf(addition.hash), own, change.entropy);
  demand(
    results.length === 1 && results[0][2] === sha256Hex(text) && results[0][3] === seed,
    `补充名单 ${own} 的结果或种子与日志中登记的不符。`,
  );
}

// Which of the additions are in: ids by stratum, in ticket order.  `threshold(stratum)` is the largest drawn ticket.
export function admitted(addition, entropy, H, key, threshold) {
  const seed = seedOf(H, addition.draw_id, entropy);
  const lots = {};
  for (const { id, stratum } of addition.additions) {
    const ticket = ticketOf(H, seed, id, saltOf(H, key, id));
    const limit = threshold(stratum);
    if (limit && ticket <= limit) (lots[stratum] ??= []).push([ticket, id]);
  }
  for (const stratum of Object.keys(lots)) {
    lots[stratum] = lots[stratum].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : byteOrder(a[1], b[1]))).map(([, id]) => id);
  }
  return lots;
}
