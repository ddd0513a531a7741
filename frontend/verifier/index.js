// The verifier's page: <div data-verifier data-record="/public/draws/…/record.zip" data-log-key="…"></div>
// Works on the server's page and, built into one file, saved to disk without a network.
import { dropped, readFiles } from "./dropped.js";
import { LEVELS } from "./report.js";
import { verify } from "./verify.js";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// What it means when everything fits, by level.
const MEANING = {
  auditor: "完整记录自封存后没有改动；随机因子先登记、后公开；抽中的每个对象和选派的每名检查人员都由种子算出，没有人为挑选。",
  objects: "名单自封存后没有改动；随机因子先登记、后公开；抽中的每个对象都由种子算出，没有人为挑选。检查人员的选派在任务结束后核验。",
  public: "名单在随机因子产生之前已经封存，之后没有改动；随机因子先登记、后公开。是否恰好抽中签号最小的那些，由审计人员用完整记录核验。",
  commitment: "名单和规则已经封存并登入公开日志，之后谁也改不了。抽取的结果在任务结束后公布，届时可以再来核验。",
  door: "本单位在事先封存的名单中，并且确由抽签产生，不是人为指定。",
};
const FAILED = "记录可能被改动、不完整，或者混进了别的抽取的文件。请从公示页重新下载再核验一次；仍不通过的，请保留文件并向纪检监察机关反映。";

export function show(place, report) {
  const { ok, level, draw_id: drawId, checks, notes } = report.toJSON();
  const bad = checks.filter((check) => !check.ok).length;
  const words = ok ? "全部核验通过" : `核验不通过：${bad} 项有问题，记录可能被改动或不完整`;
  const table = element("table", { class: "verifier-checks" });
  table.append(element("caption", {}, `逐项结果（${checks.length} 项）`));
  table.append(element("thead", {}, element("tr", {}, ...["结果", "项目", "说明"].map((text) => element("th", { scope: "col" }, text)))));
  const body = element("tbody");
  for (const check of checks) {
    body.append(
      element(
        "tr",
        { "data-code": check.code, class: check.ok ? "is-ok" : "is-bad" },
        element("td", {}, check.ok ? "✓ 通过" : "✗ 不通过"),
        element("td", {}, check.title),
        element("td", {}, check.explanation),
      ),
    );
  }
  table.append(body);
  const print = element("button", { type: "button", class: "button" }, "打印结果");
  print.addEventListener("click", () => window.print());
  place.replaceChildren(
    element(
      "div",
      { class: ok ? "verifier-verdict is-ok" : "verifier-verdict is-bad", "data-ok": String(ok), "data-level": level, tabindex: "-1" },
      element("p", {}, element("strong", {}, `${ok ? "✓" : "✗"} ${words}`)),
      element("p", {}, `${LEVELS[level]}，抽取编号 ${drawId || "（未知）"}`),
      element("p", {}, ok ? MEANING[level] : FAILED),
    ),
    ...notes.map((note) => element("p", { class: "verifier-note" }, `说明：${note}`)),
    table,
    element("p", { class: "verifier-print" }, print),
  );
  place.querySelector(".verifier-verdict").focus();
}

const chooser = (id, words, more = {}) => [
  element("input", { type: "file", id, multiple: "", class: "verifier-file", ...more }),
  element("label", { for: id, class: "button" }, words),
];

function dropZone(run) {
  const [files, filesLabel] = chooser("verifier-files", "选择文件", { accept: ".zip,.json,.tsv,.txt" });
  const [folder, folderLabel] = chooser("verifier-folder", "选择文件夹", { webkitdirectory: "" });
  const zone = element(
    "div",
    { class: "verifier-drop" },
    element("p", {}, "把抽取记录拖到这里：ZIP 压缩包、解压后的文件夹，或者入场核验文件"),
    element("div", { class: "verifier-choices" }, files, filesLabel, folder, folderLabel),
  );
  for (const input of [files, folder]) {
    input.addEventListener("change", () => {
      const chosen = [...input.files];
      if (chosen.length) run(() => readFiles(chosen)).then(() => (input.value = "")); // the same file may be chosen again
    });
  }
  const over = (inside) => (event) => {
    event.preventDefault();
    zone.classList.toggle("is-over", inside);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    const found = dropped(event);
    run(async () => readFiles(await found));
  });
  return zone;
}

function fromServer(address, label, run) {
  const button = element("button", { type: "button", class: "button button-primary" }, label);
  button.addEventListener("click", () =>
    run(async () => {
      const reply = await fetch(address);
      if (!reply.ok) throw new Error(`服务器回答 ${reply.status}`);
      return readFiles([{ name: address.split("/").pop(), arrayBuffer: () => reply.arrayBuffer() }]);
    }),
  );
  return element("p", {}, button);
}

function mount(host) {
  const key = element("input", { type: "text", id: "verifier-key", class: "input", autocomplete: "off", spellcheck: "false", maxlength: "64" });
  key.value = host.dataset.logKey ?? "";
  const state = element("p", { role: "status", class: "verifier-state" });
  const result = element("div", { class: "verifier-result" });
  const run = async (read) => {
    state.textContent = "正在核验，请稍候…";
    result.replaceChildren();
    await new Promise((done) => setTimeout(done, 30)); // so that the words above are painted before the computing starts
    try {
      const report = verify(await read(), { logKey: key.value.trim().toLowerCase() });
      show(result, report);
      state.textContent = "核验完成。全部计算在本机进行，没有上传任何内容。";
    } catch (error) {
      state.textContent = `无法读取：${error.message}。请重新下载抽取记录后再试。`;
    }
  };
  const { record, label } = host.dataset;
  const foreign = element(
    "details",
    { class: "fold" },
    element("summary", {}, "日志公钥"),
    element("p", {}, element("label", { for: "verifier-key" }, "可不填；填写后核对日志的签名是否出自该公钥："), key),
  );
  host.replaceChildren(
    ...(record ? [fromServer(record, label ?? "核验本次抽取的公开记录", run)] : []),
    ...(label ? [] : [dropZone(run), foreign]),
    state,
    result,
  );
}

if (typeof document !== "undefined") {
  for (const host of document.querySelectorAll("[data-verifier]")) mount(host);
}
