// Auditors' level (and of an open draw before its visits, its objects): everything is computed anew.
import { byteOrder } from "./bytes.js";
import { admitted, checkAdditions } from "./additions.js";
import { assign, candidateOrder, eligible, isQualified } from "./assignment.js";
import { checkLog, checkManifest, checkWholeLog, checkWitnesses, checkWitnessLog, commitMatches } from "./common.js";
import { hashOf, listLeaf, merkleRoot, saltOf, seedOf, select, sha256Hex, ticketOf } from "./draw.js";
import { inspectors, json, jobsRule, jobsText, makeJobs, scopeOf, table } from "./record.js";
import { demand, same } from "./report.js";

const LISTS = {
  candidates: "检查对象名单",
  exclusions: "排除名单",
  inspectors: "执法检查人员名单",
  recusals: "回避名单",
};

const strata = (drawn) => Object.fromEntries(Object.entries(drawn).filter(([, ids]) => ids.length));
const only = (lines, kind) => lines.filter((fields) => fields[0] === kind);

export function verifyFull(report, logKey) {
  const manifest = checkManifest(report);
  if (!manifest) return;
  const objectsOnly = report.files.has("objects.json");
  const rows = checkLists(report, manifest, objectsOnly ? ["candidates", "exclusions"] : Object.keys(LISTS));
  let lines = [];
  let proof;
  if (report.check("log-file", "日志证明", () => ((proof = json("log.json", report.text("log.json"))), "日志证明可读取。"))) {
    lines = checkLog(report, proof, logKey);
    checkWholeLog(report, proof, manifest.draw_id);
  }
  report.check("commitment", "封存摘要", () => commitMatches(lines, report.text("manifest.json")));
  const name = objectsOnly ? "objects.json" : "result.json";
  if (!report.files.has(name)) {
    report.check("result", "抽取结果", () => {
      demand(!only(lines, "result").length, "日志中已有抽取结果，记录却缺少 result.json。");
      return "尚未抽取（或已中止），日志中没有结果。";
    });
    return;
  }
  let result;
  report.check("result", "抽取结果文件", () => {
    result = json(name, report.text(name));
    demand(!objectsOnly || manifest.mode === "open", "只有公开模式的抽取才能在任务期间公开对象名单。");
    demand(result.manifest_sha256 === sha256Hex(report.text("manifest.json")), "结果引用的封存清单不是这一份。");
    const logged = only(lines, "result");
    demand(logged.length === 1, "日志中没有这次抽取的结果。");
    const before = result.key ? report.text(name).replace(`"key": "${result.key}"`, '"key": ""') : report.text(name);
    demand((objectsOnly ? result.result_sha256 : sha256Hex(before)) === logged[0][2], "结果文件与日志中登记的摘要不符。");
    const seed = seedOf(hashOf(manifest.hash), manifest.draw_id, result.entropy);
    demand(seed === logged[0][3], "种子与日志中登记的不符。");
    return "结果与封存清单、日志登记一致。";
  });
  if (!result) return;
  checkWitnesses(report, manifest, result);
  checkWitnessLog(report, lines, result);
  if (!objectsOnly) report.check("key", "密钥", () => checkKey(manifest, result));
  const state = {};
  report.check("draw", "抽取对象重算", () => redraw(report, manifest, result, rows, state, objectsOnly));
  if (objectsOnly) {
    report.notes.push("检查人员与检查对象的配对在检查之前不公开；任务结束后公开完整记录。");
    return;
  }
  report.check("jobs", "检查任务重算", () => {
    demand(state.jobs, "抽取对象未能重算，无法核对检查任务。");
    const text = report.text("jobs.tsv");
    demand(sha256Hex(text) === result.jobs.sha256, "jobs.tsv 与结果中的摘要不符。");
    demand(text === jobsText(state.jobs) && state.jobs.length === result.jobs.count, "检查任务不是按封存的规则从抽中对象产生的。");
    return `${state.jobs.length} 个检查任务均按封存的规则产生。`;
  });
  report.check("assignments", "执法检查人员重算", () => {
    demand(state.jobs, "抽取对象未能重算，无法核对人员。");
    const options = { seed: state.seed, H: state.H, cap: manifest.caps.per_inspector, loads: new Map() };
    state.pairs = assign(state.jobs, state.people, state.recusals, options);
    demand(same(result.assignments, Object.fromEntries(state.pairs)), "按公布的随机因子重新计算，执法检查人员与记录不同。");
    return `重新计算得到相同的 ${state.pairs.size} 对执法检查人员。`;
  });
  report.check("additions", "补充名单", () => checkAdditions(report, manifest, result));
  report.check("changes", "抽取后变更", () => checkChanges(report, manifest, lines, state));
}

function checkLists(report, manifest, names) {
  const rows = {};
  for (const name of names) {
    report.check(name, LISTS[name], () => {
      const text = report.text(`${name}.tsv`);
      demand(sha256Hex(text) === manifest[name].sha256, `${name}.tsv 与封存时的摘要不符，名单被改动。`);
      const found = table(`${name}.tsv`, text);
      demand(found.length === manifest[name].count, "行数与封存时不符。");
      demand(!found.some((row) => row.some((part) => part.includes("|"))), "有一行含有分隔符。");
      const order = (a, b) => byteOrder(a[0], b[0]) || (name === "recusals" ? byteOrder(a[1], b[1]) : 0);
      demand(found.every((row, i) => i === 0 || order(found[i - 1], row) < 0), "未按编号排序或有重复。");
      rows[name] = found;
      return `${found.length} 行，与封存时一致。`;
    });
  }
  report.check("registry", "名录库无遗漏", () => {
    const all = new Set(rows.candidates.map(([id]) => id));
    for (const [id, reason] of rows.exclusions) {
      demand(!all.has(id), `“${id}”既在名单中又被排除。`);
      demand(reason.trim(), "有排除未写明理由。");
    }
    for (const [id] of rows.exclusions) all.add(id);
    const text = [...all].sort(byteOrder).map((id) => `${id}\n`).join("");
    demand(
      all.size === manifest.registry.count && sha256Hex(text) === manifest.registry.sha256,
      "名单与排除名单合起来不等于名录库快照，有对象被遗漏或添加。",
    );
    return `名单与排除名单合起来正好是名录库的 ${all.size} 个对象。`;
  });
  report.check("scope", "片区和部门", () => {
    const rule = jobsRule(manifest.jobs_rule);
    demand(rule, `本程序不认识检查任务的生成规则“${manifest.jobs_rule}”。`);
    const text = report.text("scope.tsv");
    demand(sha256Hex(text) === rule.scope, "scope.tsv 与封存时的摘要不符。");
    rows.scope = scopeOf(text, rule);
    demand(
      rows.scope.size === rows.candidates.length && rows.candidates.every(([id]) => rows.scope.has(id)),
      "范围表与检查对象名单不一致。",
    );
    for (const { departments } of rows.scope.values()) {
      demand(departments.length && departments.every((d) => rule.departments.has(d)), "范围表中有对象没有检查部门，或部门不在封存的规则中。");
    }
    rows.rule = rule;
    return "每个检查对象的片区和检查部门在抽取前已经固定。";
  });
  report.check("ratios", "抽取比例", () => {
    const found = new Set(rows.candidates.map(([, stratum]) => stratum));
    demand([...found].every((stratum) => stratum in manifest.ppm), "有分层没有抽取比例。");
    return `${found.size} 个分层均有抽取比例。`;
  });
  return rows;
}

function checkKey(manifest, result) {
  if (manifest.mode === "open") {
    demand(result.key === "", "公开模式不应有密钥。");
    return "公开模式，没有密钥。";
  }
  demand(result.key, "受保护的抽取须由审计人员凭密钥核验，记录中没有密钥。");
  demand(sha256Hex(result.key) === manifest.key_sha256, "密钥与封存时公布的摘要不符。");
  return "密钥与封存时公布的摘要一致。";
}

function redraw(report, manifest, result, rows, state, objectsOnly) {
  const H = hashOf(manifest.hash);
  const key = result.key ?? "";
  const listed = new Set(rows.candidates.map(([id]) => id));
  demand(result.failed.every((id) => listed.has(id)), "失败对象不在名单中。");
  const leaves = rows.candidates.map(([id, stratum]) => listLeaf(id, stratum, saltOf(H, key, id)));
  demand(merkleRoot(leaves) === manifest.candidates.merkle, "默克尔根与封存时不符。");
  const seed = seedOf(H, manifest.draw_id, result.entropy);
  const draw = (failed) => select(rows.candidates, { seed, ppm: manifest.ppm, rounding: manifest.rounding, H, key, failed });
  const drawn = draw(result.failed);
  demand(same(strata(result.drawn), strata(drawn)), "按公布的随机因子重新计算，抽中的检查对象与记录不同。");
  Object.assign(state, { H, key, seed, draw, drawn, failed: new Set(result.failed), late: new Set() });
  if (!objectsOnly) {
    state.people = inspectors(rows.inspectors);
    state.recusals = rows.recusals;
    state.scope = rows.scope;
    state.rule = rows.rule;
    state.jobs = makeJobs(Object.values(drawn).flat(), rows.scope, rows.rule);
  }
  return `重新计算得到相同的 ${Object.values(drawn).flat().length} 个检查对象（名单共 ${listed.size} 个）。`;
}

// ---- after the draw

function checkChanges(report, manifest, lines, state) {
  const names = [...report.files.keys()].filter((name) => name.startsWith("change-")).sort();
  const logged = only(lines, "change");
  demand(names.length === logged.length, "抽取后变更的文件数与日志登记数不符。");
  if (!names.length) return "抽取后没有变更。";
  demand(state.pairs, "抽取对象未能重算，无法核对变更。");
  names.forEach((name, i) => {
    const text = report.text(name);
    const change = json(name, text);
    const number = String(i + 1);
    demand(name === `change-${number.padStart(4, "0")}.json` && logged[i][2] === number && change.number === i + 1, "变更编号不连续。");
    demand(sha256Hex(text) === logged[i][3], `${name} 与日志登记的摘要不符。`);
    demand(change.draw_id === manifest.draw_id, `${name} 属于另一次抽取。`);
    const apply = { substitution: applySubstitution, recusal: applyRecusal, addition: applyAddition }[change.kind];
    demand(apply, `本程序不认识抽取后变更的类别“${change.kind}”。`);
    demand(apply(change, state, manifest.caps.per_inspector, report), `${name} 与按规则重新计算的结果不同。`);
  });
  return `${names.length} 次变更均按规则产生，并已登记。`;
}

function loadsOf(pairs) {
  const loads = new Map();
  for (const pair of pairs.values()) for (const person of pair) loads.set(person, (loads.get(person) ?? 0) + 1);
  return loads;
}

function applySubstitution(change, state, cap) {
  const present = new Set([...Object.values(state.drawn).flat(), ...state.late]);
  const gone = new Set(change.failed.map(({ id }) => id));
  if (!gone.size || ![...gone].every((id) => present.has(id))) return false;
  for (const id of gone) {
    state.failed.add(id);
    state.late.delete(id);
  }
  state.drawn = state.draw(state.failed);
  const added = {};
  for (const [stratum, ids] of Object.entries(state.drawn)) {
    const fresh = ids.filter((id) => !present.has(id));
    if (fresh.length) added[stratum] = fresh;
  }
  const staying = [];
  for (const job of state.jobs) {
    const objects = job.objects.filter((id) => !gone.has(id));
    if (objects.length) staying.push({ ...job, objects });
    else state.pairs.delete(job.job);
  }
  const fresh = makeJobs(Object.values(added).flat(), state.scope, state.rule, change.number);
  const given = assign(fresh, state.people, state.recusals, { seed: state.seed, H: state.H, cap, loads: loadsOf(state.pairs) });
  state.jobs = [...staying, ...fresh];
  for (const [job, pair] of given) state.pairs.set(job, pair);
  return same(change.added, added) && same(change.assignments, Object.fromEntries(given));
}

function applyRecusal(change, state, cap) {
  const job = state.jobs.find((candidate) => candidate.job === change.job);
  const pair = state.pairs.get(change.job);
  const slot = pair ? pair.indexOf(change.inspector) : -1;
  if (slot < 0) return false;
  const recusals = [...state.recusals, ...job.objects.map((object) => [change.inspector, object])];
  const recused = new Set(recusals.map(([person, object]) => `${person}|${object}`));
  const loads = loadsOf(state.pairs);
  const free = state.people
    .filter((p) => eligible(p, job, recused) && (slot === 1 || isQualified(p, job)))
    .map((p) => p.id)
    .filter((id) => !pair.includes(id) && (loads.get(id) ?? 0) < cap);
  const successor = free.length ? candidateOrder(state.H, state.seed)(job, free, loads)[0] : "";
  if (successor) {
    state.recusals = recusals;
    state.pairs.set(change.job, pair.map((person, i) => (i === slot ? successor : person)));
  }
  return change.successor === successor;
}

function applyAddition(change, state, cap, report) {
  const name = `addition-${change.addition.slice(change.addition.lastIndexOf("-A") + 2).padStart(4, "0")}.json`;
  const addition = json(name, report.text(name));
  const { H, key, seed } = state;
  const largest = (stratum) => {
    const ids = state.drawn[stratum] ?? [];
    const last = ids[ids.length - 1];
    return last ? ticketOf(H, seed, last, saltOf(H, key, last)) : "";
  };
  const added = admitted(addition, change.entropy, H, key, largest);
  for (const { id, region, departments, place } of addition.additions) state.scope.set(id, { region, departments, place });
  const fresh = makeJobs(Object.values(added).flat(), state.scope, state.rule, change.number);
  const given = assign(fresh, state.people, state.recusals, { seed, H, cap, loads: loadsOf(state.pairs) });
  for (const id of Object.values(added).flat()) state.late.add(id);
  state.jobs = [...state.jobs, ...fresh];
  for (const [job, pair] of given) state.pairs.set(job, pair);
  return same(change.added, added) && same(change.assignments, Object.fromEntries(given));
}
