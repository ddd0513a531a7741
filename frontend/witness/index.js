// The draw witness's own device: makes the random part, shows only its digest first, reveals it later.
//
// <div data-witness="CN-370105-SCJG-2026-0001" data-step="log|reveal|keep" data-logged="" data-form="#task-form"></div>
// fills the form's fields logged_sha256 (log) or nonce and part (reveal); "keep" only offers the
// backup.  data-logged is the digest the server has.  Until the reveal nonce and part exist only in
// this browser (draw-protocol: step 3).
import { backup, generate, recall, restore } from "./store.js";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const grouped = (digest) => digest.match(/.{4}/g).map((group) => element("span", {}, group));

function setField(form, name, value) {
  const field = form?.elements.namedItem(name);
  if (!field) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function backupButton(draw, entry) {
  const button = element("button", { type: "button", class: "button" }, "另存备份");
  button.addEventListener("click", () => {
    const link = element("a", {
      href: URL.createObjectURL(new Blob([backup(draw, entry())], { type: "application/json" })),
      download: `随机因子-${draw}.json`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  return button;
}

function logStep(host, form, draw) {
  let entry = recall(draw);
  const typed = element("input", { id: "witness-typed", class: "input", maxlength: "80", autocomplete: "off" });
  const digest = element("output", { class: "digest digest-4", for: "witness-typed" });
  const button = element("button", { type: "button", class: "button button-primary button-large" }, "生成随机因子");
  const save = backupButton(draw, () => entry);
  const state = element("p", { class: "muted", role: "status" });
  const shown = element("div", { class: "witness-digest" }, element("p", { class: "small muted" }, "摘要 SHA-256"), digest);
  const submit = form?.querySelector("[data-after-generate]"); // one thing to press at a time
  save.hidden = shown.hidden = true;
  if (submit) submit.hidden = true;
  const show = (stored) => {
    digest.replaceChildren(...grouped(entry.digest));
    save.hidden = shown.hidden = false;
    if (submit) submit.hidden = false;
    button.textContent = "重新生成";
    button.className = "button";
    state.textContent = stored
      ? "已生成并只保存在本机浏览器，请勿清除浏览数据；摘要已填入下方表单，请提交。"
      : "本机浏览器不允许保存（可能是无痕模式）。请先点“另存备份”，再登记摘要；公开时要用到这个文件。";
    state.classList.toggle("field-error", !stored);
    setField(form, "logged_sha256", entry.digest);
  };
  button.addEventListener("click", () => {
    const made = generate(draw, typed.value);
    entry = made.entry;
    show(made.stored);
  });
  host.append(
    element("div", { class: "capture-actions" }, button, save),
    shown,
    state,
    element(
      "details",
      { class: "fold" },
      element("summary", {}, "加入自己的内容（可不填）"),
      element(
        "div",
        { class: "field" },
        element("label", { for: "witness-typed" }, "随意几个字或骰子的点数，填好再生成"),
        element("p", { class: "help" }, "随机因子由本机的 128 位随机数与您输入的内容共同组成，不填同样安全。"),
        typed,
      ),
    ),
  );
  form?.elements.namedItem("logged_sha256")?.addEventListener("input", () => submit && (submit.hidden = false));
  if (entry) show(true);
}

function revealStep(host, form, draw, logged) {
  const entry = recall(draw, logged);
  const state = element("p", { role: "status" });
  const fill = (found) => {
    setField(form, "nonce", found.nonce);
    setField(form, "part", found.part);
    state.textContent = "已从本机取出随机因子并填入下方表单，请提交公开。";
  };
  host.append(state);
  if (entry) {
    fill(entry);
    return;
  }
  state.textContent = "本机没有保存登记时的随机因子。请换用登记摘要时的设备和浏览器，或选择当时另存的备份文件。";
  form?.querySelector("[data-manual]")?.setAttribute("open", "");
  const file = element("input", { type: "file", accept: "application/json,.json", id: "witness-file" });
  file.addEventListener("change", async () => {
    try {
      const found = restore(draw, await file.files[0].text());
      if (logged && found.digest !== logged) throw new Error("another one");
      fill(found);
    } catch {
      state.textContent = "所选文件不是本次抽取的备份，或不是登记时的那一份，请重新选择。";
    }
  });
  host.append(element("div", { class: "field" }, element("label", { for: "witness-file" }, "选择备份文件"), file));
}

function keepStep(host, draw, logged) {
  const entry = recall(draw, logged);
  const words = entry
    ? "随机因子保存在本机。怕手机没电或弄丢，可以另存一份备份，公开时在别的设备上选择它。公开之前不要给任何人看。"
    : "随机因子不在这台设备上。请保管好登记时使用的设备或备份文件。";
  host.append(element("p", {}, words));
  if (entry) host.append(backupButton(draw, () => entry));
}

for (const host of document.querySelectorAll("[data-witness]")) {
  const { witness: draw, step, logged = "" } = host.dataset;
  const form = document.querySelector(host.dataset.form || "form.form");
  if (step === "reveal") revealStep(host, form, draw, logged);
  else if (step === "keep") keepStep(host, draw, logged);
  else logStep(host, form, draw);
}
