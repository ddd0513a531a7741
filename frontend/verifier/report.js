// A report: one question after another, each with its answer in Chinese.
export class Mismatch extends Error {}

export function demand(condition, message) {
  if (!condition) throw new Mismatch(message);
}

export const LEVELS = {
  auditor: "完整核验",
  objects: "对象核验",
  public: "公众核验",
  commitment: "封存核验",
  door: "企业入场核验",
};

export class Report {
  constructor(level, files) {
    this.level = level;
    this.files = files;
    this.draw_id = "";
    this.checks = [];
    this.notes = [];
  }

  check(code, title, question) {
    let ok = true;
    let explanation;
    try {
      explanation = question();
    } catch (error) {
      ok = false;
      explanation = error instanceof Mismatch ? error.message : `内容无法解读（${error.message}）`;
    }
    this.checks.push({ code, title, ok, explanation });
    return ok;
  }

  text(name) {
    demand(this.files.has(name), `缺少文件 ${name}。`);
    return this.files.get(name);
  }

  get ok() {
    return this.checks.length > 0 && this.checks.every((check) => check.ok);
  }

  toJSON() {
    return { ok: this.ok, level: this.level, draw_id: this.draw_id, checks: this.checks, notes: this.notes };
  }
}

// Equal as JSON values, whatever the order of keys.
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.prototype.hasOwnProperty.call(b, key) && same(a[key], b[key]));
}
