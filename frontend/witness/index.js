// The draw witness's own device: makes the random part, shows only its digest first, reveals it later.
//
// <div data-witness="CN-370105-SCJG-2026-0001" data-step="log|reveal" data-form="#task-form"></div>
// fills the form's fields logged_sha256 (log) or nonce and part (reveal).  Until the
// reveal nonce and part exist only in this browser (draw-protocol: step 3).
import { sha256 } from "./sha256.js";

const FORBIDDEN = /[|\t\r\n;]/g; // separators of the protocol must not occur in a field

export function randomHex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

const slot = (draw) => `lianjian:witness:${draw}`;

export function recall(draw) {
  try {
    return JSON.parse(localStorage.getItem(slot(draw)));
  } catch {
    return null;
  }
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function setField(form, name, value) {
  const field = form?.elements.namedItem(name);
  if (!field) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function logStep(host, form, draw) {
  const typed = element("input", { id: "witness-typed", class: "input", maxlength: "80", autocomplete: "off" });
  const digest = element("output", { class: "hash", for: "witness-typed" });
  const button = element("button", { type: "button", class: "button button-primary" }, "生成随机因子");
  const download = element("button", { type: "button", class: "button" }, "另存备份");
  const state = element("p", { class: "muted", role: "status" });
  download.hidden = true;
  const show = (kept) => {
    digest.value = kept.digest;
    download.hidden = false;
    button.textContent = "重新生成";
    state.textContent = "已生成并只保存在本机浏览器，请勿清除浏览数据；摘要已填入下方表单，请提交。";
    setField(form, "logged_sha256", kept.digest);
  };
  button.addEventListener("click", () => {
    const nonce = randomHex(16);
    const part = randomHex(16) + typed.value.trim().replace(FORBIDDEN, "");
    const kept = { nonce, part, digest: sha256(`${nonce}|${part}`), at: new Date().toISOString() };
    localStorage.setItem(slot(draw), JSON.stringify(kept));
    show(kept);
  });
  download.addEventListener("click", () => {
    const text = JSON.stringify({ draw_id: draw, ...recall(draw) }, null, 1);
    const link = element("a", {
      href: URL.createObjectURL(new Blob([text], { type: "application/json" })),
      download: `随机因子-${draw}.json`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  host.append(
    element(
      "div",
      { class: "field" },
      element("label", { for: "witness-typed" }, "随意输入几个字或掷骰子的点数（可不填）"),
      element("p", { class: "help" }, "随机因子由本机随机数与您输入的内容共同组成，全部监督人登记摘要之后才公开。"),
      typed,
    ),
    element("div", { class: "capture-actions" }, button, download),
    element("p", { class: "witness-digest" }, "摘要 SHA-256：", digest),
    state,
  );
  const kept = recall(draw);
  if (kept) show(kept);
}

function revealStep(host, form, draw) {
  const kept = recall(draw);
  const state = element("p", { role: "status" });
  const fill = (found) => {
    setField(form, "nonce", found.nonce);
    setField(form, "part", found.part);
    state.textContent = "已从本机取出随机因子并填入下方表单，请提交公开。";
  };
  if (kept) fill(kept);
  else state.textContent = "本机没有保存随机因子。请换用登记摘要时的设备和浏览器，或选择当时另存的备份文件。";
  const file = element("input", { type: "file", accept: "application/json,.json", id: "witness-file" });
  file.addEventListener("change", async () => {
    try {
      const found = JSON.parse(await file.files[0].text());
      if (found.draw_id !== draw || sha256(`${found.nonce}|${found.part}`) !== found.digest) throw new Error("mismatch");
      fill(found);
    } catch {
      state.textContent = "所选文件不是本次抽取的备份，请重新选择。";
    }
  });
  host.append(state);
  if (!kept) {
    host.append(element("div", { class: "field" }, element("label", { for: "witness-file" }, "选择备份文件"), file));
  }
}

for (const host of document.querySelectorAll("[data-witness]")) {
  const form = document.querySelector(host.dataset.form || "form.form");
  (host.dataset.step === "reveal" ? revealStep : logStep)(host, form, host.dataset.witness);
}
