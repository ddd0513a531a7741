// The files of a record: tables, lists and the rule that makes jobs.
import { byteOrder } from "./bytes.js";

export const COLUMNS = {
  "candidates.tsv": 2,
  "exclusions.tsv": 2,
  "inspectors.tsv": 4,
  "recusals.tsv": 2,
  "scope.tsv": 3,
  "jobs.tsv": 5,
};

export const list = (field) => (field ? field.split(",") : []);

export function table(name, text) {
  if (text && !text.endsWith("\n")) throw new Error(`${name} 的最后一行没有换行符，文件可能不完整`);
  const lines = text.split("\n");
  lines.pop();
  return lines.map((line, i) => {
    const row = line.split("\t");
    if (row.length !== COLUMNS[name] || line.includes("\r")) throw new Error(`${name} 第 ${i + 1} 行格式不对`);
    return row;
  });
}

// A JSON object without doubled keys: two readers could understand those differently.
export function json(name, text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${name} 不是有效的 JSON 文件`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${name} 应为一个 JSON 对象`);
  if (hasDoubledKey(text)) throw new Error(`${name} 中有重复的键，内容有歧义`);
  return value;
}

// `text` is valid JSON; a string followed by a colon is a key of the innermost object.
function hasDoubledKey(text) {
  const open = [];
  for (const found of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const token = found[0];
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (found[1]) {
      const key = JSON.parse(token.slice(0, token.length - found[1].length));
      const keys = open[open.length - 1];
      if (keys.has(key)) return true;
      keys.add(key);
    }
  }
  return false;
}

export const inspectors = (rows) =>
  rows.map(([id, department, regions, items]) => ({ id, department, regions: list(regions), items: list(items) }));

// "object-department;scope=<sha256>;<department>=<items>;…" → { scope, departments: Map }, or null.
export function jobsRule(text) {
  const parts = text.split(";");
  if (parts[0] !== "object-department" || parts.length < 3 || !parts[1].startsWith("scope=")) return null;
  const departments = new Map();
  for (const part of parts.slice(2)) {
    const sign = part.indexOf("=");
    const department = part.slice(0, sign);
    if (sign < 1 || departments.has(department)) return null;
    departments.set(department, list(part.slice(sign + 1)));
  }
  return { scope: parts[1].slice("scope=".length), departments };
}

export function makeJobs(objects, scope, departments) {
  const jobs = [];
  for (const object of objects) {
    const [region, own] = scope.get(object);
    for (const [department, items] of departments) {
      if (own.includes(department)) jobs.push({ job: `${object}|${department}`, objects: [object], department, region, items });
    }
  }
  return jobs;
}

export function jobsText(jobs) {
  const sorted = (values) => [...values].sort(byteOrder).join(",");
  return [...jobs]
    .sort((a, b) => byteOrder(a.job, b.job))
    .map((j) => `${[j.job, sorted(j.objects), j.department, j.region, sorted(j.items)].join("\t")}\n`)
    .join("");
}
