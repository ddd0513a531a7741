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

export function table(name, text, columns = COLUMNS[name]) {
  if (text && !text.endsWith("\n")) throw new Error(`${name} 的最后一行没有换行符，文件可能不完整`);
  const lines = text.split("\n");
  lines.pop();
  return lines.map((line, i) => {
    const row = line.split("\t");
    if (row.length !== columns || line.includes("\r")) throw new Error(`${name} 第 ${i + 1} 行格式不对`);
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

// "object-department;scope=<sha256>;<department>=<items>;…", or "group-department;scope=<sha256>;max=<n>;…",
// as { scope, max, departments: Map }; null when it is neither.
export function jobsRule(text) {
  const [kind, ...parts] = text.split(";");
  const grouped = kind === "group-department";
  if ((!grouped && kind !== "object-department") || !parts.length || !parts[0].startsWith("scope=")) return null;
  const scope = parts.shift().slice("scope=".length);
  let max = 0;
  if (grouped) {
    const size = /^max=([0-9]+)$/.exec(parts.shift() ?? "");
    max = size ? Number(size[1]) : 0;
    if (max < 2 || max > 50) return null;
  }
  const departments = new Map();
  for (const part of parts) {
    const sign = part.indexOf("=");
    const department = part.slice(0, sign);
    if (sign < 1 || departments.has(department)) return null;
    departments.set(department, list(part.slice(sign + 1)));
  }
  return departments.size ? { scope, max, departments } : null;
}

// Map(object → { region, departments, place }).
export function scopeOf(text, rule) {
  const rows = table("scope.tsv", text, rule.max ? 4 : 3);
  return new Map(
    rows.map(([id, region, departments, place]) => {
      if (rule.max && !/^[0-9]+$/.test(place)) throw new Error(`scope.tsv 中“${id}”的位置次序不是整数`);
      return [id, { region, departments: list(departments), place: Number(place ?? 0) }];
    }),
  );
}

// What is visited at one time: [name, objects] pairs.  Groups are runs of the walk through each region.
function visits(objects, scope, max, change) {
  if (!max) return objects.map((object) => [object, [object]]);
  const regions = new Map();
  for (const object of objects) {
    const { region } = scope.get(object);
    if (!regions.has(region)) regions.set(region, []);
    regions.get(region).push(object);
  }
  const found = [];
  for (const [region, own] of regions) {
    own.sort((a, b) => scope.get(a).place - scope.get(b).place || byteOrder(a, b));
    const runs = Math.ceil(own.length / max);
    for (let i = 0; i < runs; i += 1) {
      const members = own.slice(Math.floor((i * own.length) / runs), Math.floor(((i + 1) * own.length) / runs));
      found.push([`${region}-${change ? `C${change}` : ""}G${String(i + 1).padStart(3, "0")}`, members]);
    }
  }
  return found;
}

// `change` is the number of the change that brings the objects in, 0 for the draw itself.
export function makeJobs(objects, scope, rule, change = 0) {
  const jobs = [];
  for (const [name, members] of visits(objects, scope, rule.max, change)) {
    const { region } = scope.get(members[0]);
    for (const [department, items] of rule.departments) {
      const own = members.filter((object) => scope.get(object).departments.includes(department));
      if (own.length) jobs.push({ job: `${name}|${department}`, objects: own, department, region, items });
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
