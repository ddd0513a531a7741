// Shows and hides fields while somebody types, by the same condition tree the server evaluates.
// A field's data-condition is the JSON tree of its "hide" expression; nodes are arrays [operator, …].
import { once } from "./dom.js";
import { evaluate } from "./evaluate.js";

function valueOf(form, key, row) {
  const name = row ? `${row}.${key}` : key;
  const boxes = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
  if (!boxes.length) return undefined;
  const first = boxes[0];
  if (first.type === "radio") return [...boxes].find((box) => box.checked)?.value ?? null;
  if (first.type === "checkbox") {
    if (first.dataset.single !== undefined) return first.checked;
    return [...boxes].filter((box) => box.checked).map((box) => box.value);
  }
  if (first.multiple) return [...first.selectedOptions].map((option) => option.value);
  if (first.dataset.kind === "number") return first.value.trim() === "" ? null : Number(first.value);
  return first.value === "" ? null : first.value;
}

function apply(form) {
  const lookup = (row) => (key) => (row && valueOf(form, key, row)) ?? valueOf(form, key, "");
  for (const field of form.querySelectorAll("[data-condition]")) {
    const row = field.closest("[data-row]")?.dataset.row ?? "";
    let hide;
    try {
      hide = evaluate(JSON.parse(field.dataset.condition), lookup(row)) === true;
    } catch {
      hide = false; // the server decides
    }
    if (field.hidden === hide) continue;
    field.hidden = hide;
    // What is hidden is not sent; the server would drop it anyway.
    for (const input of field.querySelectorAll("input, select, textarea")) input.disabled = hide;
  }
}

export function watchConditions(root) {
  for (const form of once(root, "form[data-form]", "conditions")) {
    form.addEventListener("input", () => apply(form));
    form.addEventListener("change", () => apply(form));
    form.addEventListener("rows:changed", () => apply(form));
    apply(form);
  }
}
