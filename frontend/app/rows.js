// Dynamic lists: add and remove rows without a round trip to the server.
//
// <div data-rows="removals" data-max="20"> <div class="rows"> <div data-row="removals-0">…</div> </div>
//   <template>…removals-__index__-reason…</template> <button name="_add" value="removals"> </div>
import { once } from "./dom.js";

const RENAMED = ["name", "id", "for", "value", "aria-describedby", "data-field", "data-rows", "data-row"];

export function watchRows(root) {
  for (const list of once(root, "[data-rows]", "rows")) {
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button || button.closest("[data-rows]") !== list) return;
      if (button.name === "_add") {
        event.preventDefault();
        add(list);
      } else if (button.name === "_remove") {
        event.preventDefault();
        remove(list, button.closest("[data-row]"));
      }
    });
  }
}

const rowsOf = (list) => [...list.querySelectorAll(":scope > .rows > [data-row]")];

function add(list) {
  const rows = rowsOf(list);
  const template = list.querySelector(":scope > template");
  const holder = document.createElement("div");
  holder.innerHTML = template.innerHTML.replaceAll("__index__", String(rows.length));
  const row = holder.firstElementChild;
  list.querySelector(":scope > .rows").append(row);
  list.dispatchEvent(new CustomEvent("rows:added", { bubbles: true, detail: { row } }));
  changed(list);
  row.querySelector("input, select, textarea")?.focus();
}

function remove(list, row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  changed(list);
  (next?.querySelector("input, select, textarea") ?? list.querySelector('[name="_add"]'))?.focus();
}

// Rows are numbered without gaps, as the server expects.
function changed(list) {
  const key = list.dataset.rows;
  const rows = rowsOf(list);
  rows.forEach((row, index) => {
    const from = row.dataset.row;
    const to = `${key}-${index}`;
    const number = row.querySelector("[data-row-number]");
    if (number) number.textContent = String(index + 1);
    if (from === to) return;
    row.dataset.row = to;
    row.id = `f-${to}`;
    for (const element of row.querySelectorAll("*")) {
      for (const name of RENAMED) {
        if (name === "value" && !["_remove", "_add"].includes(element.name)) continue;
        const old = element.getAttribute(name);
        if (old?.includes(from)) element.setAttribute(name, old.replaceAll(from, to));
      }
    }
  });
  const button = list.querySelector(':scope > .rows-add [name="_add"]');
  if (button) button.hidden = rows.length >= Number(list.dataset.max || Infinity);
  const form = list.closest("form");
  form?.dispatchEvent(new Event("input", { bubbles: true }));
}
