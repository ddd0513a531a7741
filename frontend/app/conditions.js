// Shows and hides fields while somebody types, by the same condition tree the server evaluates.
// A field's data-condition is the JSON tree of its "hide" expression; nodes are arrays [operator, …].
import { parse } from "./dates.js";
import { once } from "./dom.js";
import { evaluate } from "./evaluate.js";

const pad = (n) => String(n).padStart(2, "0");

function isoDate(value) {
  const day = parse(value);
  return day ? `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}` : value;
}

// An option that is a number or a truth value carries its JSON; everything else is text.
const typed = (element) => (element.dataset.json ? JSON.parse(element.dataset.json) : element.value);

function valueOf(form, name) {
  const found = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  if (!found.length) return undefined;
  if (found[0].closest("[data-condition]")?.hidden) return null; // hidden counts as not filled
  const [first] = found;
  if (first.type === "radio") {
    const chosen = found.find((box) => box.checked);
    return chosen ? typed(chosen) : null;
  }
  if (first.type === "checkbox") {
    if (first.dataset.single !== undefined) return first.checked;
    return found.filter((box) => box.checked).map(typed);
  }
  const text = first.value.trim();
  if (first.dataset.kind === "number") return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
  if (text === "") return null;
  if (first.tagName === "SELECT") return typed(first.selectedOptions[0]);
  return first.dataset.date === "" ? isoDate(text) : text;
}

// All fields of a row (or of the form, for the empty prefix) as one object: `this` and `parent`.
function record(form, row) {
  const found = {};
  for (const { name } of form.elements) {
    const key = row ? (name.startsWith(`${row}-`) ? name.slice(row.length + 1) : "") : name;
    if (key && !key.includes("-") && !key.startsWith("_")) found[key] = valueOf(form, name);
  }
  return found;
}

// A row sees its own fields first, then those of the rows and the form around it.
function lookup(form, row) {
  return (key) => {
    if (key === "this") return record(form, row);
    if (key === "parent") return row ? record(form, row.split("-").slice(0, -2).join("-")) : null;
    for (let prefix = row; prefix; prefix = prefix.split("-").slice(0, -2).join("-")) {
      const value = valueOf(form, `${prefix}-${key}`);
      if (value !== undefined) return value;
    }
    return valueOf(form, key);
  };
}

function apply(form) {
  // A field hidden now may be what another condition reads: repeat until nothing changes.
  for (let pass = 0; pass < 8; pass += 1) {
    let changed = false;
    for (const field of form.querySelectorAll("[data-condition]")) {
      const row = field.closest("[data-row]")?.dataset.row ?? "";
      let hide;
      try {
        hide = evaluate(JSON.parse(field.dataset.condition), lookup(form, row)) === true;
      } catch {
        hide = false; // the server decides
      }
      if (field.hidden === hide) continue;
      changed = true;
      field.hidden = hide;
      // What is hidden is not sent; the server would drop it anyway.
      for (const input of field.querySelectorAll("input, select, textarea")) input.disabled = hide;
    }
    if (!changed) return;
  }
}

export function watchConditions(root) {
  for (const form of once(root, "form[data-form]", "conditions")) {
    form.addEventListener("input", () => apply(form));
    form.addEventListener("change", () => apply(form));
    apply(form);
  }
}
