// A Chinese calendar beside date fields: <input data-date> or <input data-date="time">.
// The field stays a plain text field (the server also accepts 2026年3月2日 and 2026/3/2).
import { once } from "./dom.js";

const WEEK = ["一", "二", "三", "四", "五", "六", "日"];
const pad = (n) => String(n).padStart(2, "0");
const text = (day) => `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`;

export function parse(value) {
  const found = /^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})/.exec(value);
  if (!found) return null;
  const day = new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return day.getMonth() === Number(found[2]) - 1 ? day : null;
}

let open = null;

function close(focus) {
  if (!open) return;
  open.box.remove();
  open.button.setAttribute("aria-expanded", "false");
  if (focus) open.button.focus();
  open = null;
}

function choose(input, day) {
  const time = input.dataset.date === "time" ? (/(\d{1,2}:\d{2})\s*$/.exec(input.value)?.[1] ?? "09:00") : "";
  input.value = time ? `${text(day)} ${time}` : text(day);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  close(true);
}

function draw(box, input, month, focused) {
  const chosen = parse(input.value);
  const today = text(new Date());
  box.replaceChildren();
  const head = document.createElement("div");
  head.className = "calendar-head";
  const step = (label, sign, months) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-quiet button-small";
    button.textContent = sign;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () =>
      draw(box, input, new Date(month.getFullYear(), month.getMonth() + months, 1), null),
    );
    return button;
  };
  const title = document.createElement("strong");
  title.setAttribute("aria-live", "polite");
  title.textContent = `${month.getFullYear()}年${month.getMonth() + 1}月`;
  head.append(step("上一年", "«", -12), step("上一月", "‹", -1), title, step("下一月", "›", 1), step("下一年", "»", 12));
  const grid = document.createElement("div");
  grid.className = "calendar-grid";
  for (const name of WEEK) {
    const cell = document.createElement("span");
    cell.textContent = name;
    grid.append(cell);
  }
  const first = new Date(month);
  first.setDate(1 - ((month.getDay() + 6) % 7));
  const target = focused ?? (chosen?.getMonth() === month.getMonth() ? chosen : month);
  for (let i = 0; i < 42; i += 1) {
    const day = new Date(first.getFullYear(), first.getMonth(), first.getDate() + i);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = String(day.getDate());
    button.setAttribute("aria-label", `${day.getMonth() + 1}月${day.getDate()}日`);
    if (day.getMonth() !== month.getMonth()) button.className = "is-other";
    if (text(day) === today) button.classList.add("is-today");
    if (chosen && text(day) === text(chosen)) button.setAttribute("aria-current", "date");
    button.tabIndex = text(day) === text(target) ? 0 : -1;
    button.addEventListener("click", () => choose(input, day));
    button.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
      if (!move) return;
      event.preventDefault();
      const next = new Date(day.getFullYear(), day.getMonth(), day.getDate() + move);
      draw(box, input, new Date(next.getFullYear(), next.getMonth(), 1), next);
    });
    grid.append(button);
  }
  box.append(head, grid);
  if (focused) grid.querySelector('[tabindex="0"]')?.focus();
}

// One touch for the time that is most often meant in the field.
function nowButton(input) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button date-button";
  button.textContent = "现在";
  button.setAttribute("aria-label", "填写现在的时间");
  button.addEventListener("click", () => {
    const moment = new Date();
    input.value = `${text(moment)} ${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return button;
}

export function watchDates(root) {
  for (const input of once(root, "input[data-date]", "calendar")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button date-button";
    button.textContent = "日历";
    button.setAttribute("aria-label", "打开日历");
    button.setAttribute("aria-expanded", "false");
    const wrap = document.createElement("div");
    wrap.className = "date-wrap";
    input.replaceWith(wrap);
    wrap.append(input, button);
    if (input.dataset.date === "time") wrap.append(nowButton(input));
    button.addEventListener("click", () => {
      if (open?.button === button) return close(true);
      close(false);
      const box = document.createElement("div");
      box.className = "calendar";
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-label", "选择日期");
      const start = parse(input.value) ?? new Date();
      open = { box, button };
      button.setAttribute("aria-expanded", "true");
      wrap.append(box);
      draw(box, input, new Date(start.getFullYear(), start.getMonth(), 1), start);
      return undefined;
    });
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open) close(true);
});
document.addEventListener("click", (event) => {
  if (open && event.isTrusted && !event.composedPath().some((node) => node === open.box.parentElement)) close(false);
});
