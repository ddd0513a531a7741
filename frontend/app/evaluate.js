// Evaluates the JSON condition trees of engine/expressions/browser.py; `look(name)` gives a field's value.
// Three-valued like the server: an operation without meaning is null.
const nil = (x) => (x === undefined ? null : x);
const kind = (x) => (Array.isArray(x) ? "list" : x === null ? "null" : typeof x);

function equals(a, b) {
  if (a === null || b === null) return a === b;
  if (kind(a) !== kind(b)) return null;
  if (typeof a !== "object") return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}

function compare(sign, a, b) {
  if (sign === "=") return equals(a, b);
  if (sign === "!=") {
    const same = equals(a, b);
    return same === null ? null : !same;
  }
  if (kind(a) !== kind(b) || !["number", "string"].includes(kind(a))) return null;
  return sign === "<" ? a < b : sign === "<=" ? a <= b : sign === ">" ? a > b : a >= b;
}

function arithmetic(sign, a, b) {
  if (sign === "+" && kind(a) === "string" && kind(b) === "string") return a + b;
  if (sign === "+" && Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
  if (kind(a) !== "number" || kind(b) !== "number") return null;
  if (sign === "+") return a + b;
  if (sign === "-") return a - b;
  if (sign === "*") return a * b;
  if (b === 0) return null;
  return sign === "/" ? a / b : a - b * Math.floor(a / b);
}

function get(base, key) {
  if (Array.isArray(base)) return base.map((entry) => get(entry, key));
  if (kind(base) !== "object" || !Object.prototype.hasOwnProperty.call(base, key)) return null;
  return nil(base[key]);
}

function at(base, n) {
  const list = Array.isArray(base) ? base : base === null ? [] : [base];
  return nil(n > 0 ? list[n - 1] : n < 0 ? list[list.length + n] : null);
}

// and: false wins over null; or: true wins over null
function logic(parts, decisive, run) {
  let result = !decisive;
  for (const part of parts) {
    const value = run(part);
    if (value === decisive) return decisive;
    if (value !== !decisive) result = null;
  }
  return result;
}

function within(x, low, high, lowIn, highIn) {
  const above = compare(lowIn ? ">=" : ">", x, low);
  const below = compare(highIn ? "<=" : "<", x, high);
  if (above === false || below === false) return false;
  return above === null || below === null ? null : true;
}

function passes(x, test, run) {
  if (test[0] === "one") return compare(test[1], x, run(test[2]));
  if (test[0] === "range") return within(x, run(test[1]), run(test[2]), test[3], test[4]);
  const value = run(test[0] === "search" ? test[1] : test);
  if (test[0] === "search" && kind(x) === "string" && kind(value) === "string") return value.includes(x);
  return Array.isArray(value) && !Array.isArray(x) ? value.some((one) => equals(x, one) === true) : equals(x, value);
}

const texts = (f) => (a, b) => (kind(a) === "string" && kind(b) === "string" ? f(a, b) : null);
const text = (f) => (a) => (kind(a) === "string" ? f(a) : null);
const today = () => {
  // The district's date, not the device's.
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
  return parts.slice(0, 10);
};
const functions = {
  abs: (a) => (kind(a) === "number" ? Math.abs(a) : null),
  contains: texts((a, b) => a.includes(b)),
  count: (a) => (Array.isArray(a) ? a.length : a === null ? null : 1),
  "ends with": texts((a, b) => a.endsWith(b)),
  len: (a) => (kind(a) === "string" ? [...a].length : Array.isArray(a) ? a.length : null),
  "list contains": (a, b) => (Array.isArray(a) ? a.some((one) => equals(one, b) === true) : null),
  "lower case": text((a) => a.toLowerCase()),
  number: (a) => (kind(a) === "number" ? a : kind(a) === "string" && a.trim() && !Number.isNaN(Number(a)) ? Number(a) : null),
  "starts with": texts((a, b) => a.startsWith(b)),
  "string length": text((a) => [...a].length),
  sum: (...given) => {
    const all = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
    return all.length && all.every((one) => kind(one) === "number") ? all.reduce((a, b) => a + b) : null;
  },
  today,
  trim: text((a) => a.trim()),
  "upper case": text((a) => a.toUpperCase()),
};

export function evaluate(tree, look) {
  const run = (node) => evaluate(node, look);
  const [op, ...rest] = tree;
  switch (op) {
    case "lit":
      return rest[0];
    case "var":
      return nil(look(rest[0]));
    case "get":
      return get(run(rest[0]), rest[1]);
    case "at":
      return at(run(rest[0]), rest[1]);
    case "and":
      return logic(rest, false, run);
    case "or":
      return logic(rest, true, run);
    case "not": {
      const value = run(rest[0]);
      return typeof value === "boolean" ? !value : null;
    }
    case "neg": {
      const value = run(rest[0]);
      return kind(value) === "number" ? -value : null;
    }
    case "if":
      return run(rest[0]) === true ? run(rest[1]) : run(rest[2]);
    case "list":
      return rest.map(run);
    case "in": {
      const x = run(rest[0]);
      let result = false;
      for (const test of rest.slice(1)) {
        const held = passes(x, test, run);
        if (held === true) return true;
        if (held === null) result = null;
      }
      return result;
    }
    case "call":
      return functions[rest[0]](...rest.slice(1).map(run));
    case "=":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(op, run(rest[0]), run(rest[1]));
    default:
      return arithmetic(op, run(rest[0]), run(rest[1]));
  }
}
