// The verifier's page: <div data-verifier data-record="/public/draws/…/record.zip" data-log-key="…"></div>
// Works on the server's page and, built into one file, saved to disk without a network.
import { LEVELS } from "./report.js";
import { verify } from "./verify.js";
import { unzip } from "./zip.js";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Bytes by file name, from one ZIP or several files.
export async function readFiles(chosen) {
  const files = new Map();
  for (const file of chosen) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const found = bytes[0] === 0x50 && bytes[1] === 0x4b ? unzip(bytes) : new Map([[file.name, bytes]]);
    for (const [name, content] of found) files.set(name, content);
  }
  return files;
}

export function show(place, report) {
  const { ok, level, draw_id: drawId, checks, notes } = report.toJSON();
  const bad = checks.filter((check) => !check.ok).length;
  const words = ok ? "全部核验通过" : `核验不通过：${bad} 项有问题，记录可能被改动或不完整`;
  const table = element("table", { class: "verifier-checks" });
  table.append(element("caption", {}, "逐项结果"));
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
  place.replaceChildren(
    element(
      "p",
      { class: ok ? "verifier-verdict is-ok" : "verifier-verdict is-bad", "data-ok": String(ok), "data-level": level, tabindex: "-1" },
      element("strong", {}, words),
      ` — ${LEVELS[level]}，抽取编号 ${drawId || "（未知）"}`,
    ),
    ...notes.map((note) => element("p", { class: "verifier-note" }, `说明：${note}`)),
    table,
  );
  place.querySelector(".verifier-verdict").focus();
}

function mount(host) {
  const input = element("input", { type: "file", id: "verifier-files", multiple: "", accept: ".zip,.json,.tsv,.txt" });
  const key = element("input", { type: "text", id: "verifier-key", class: "input", autocomplete: "off", spellcheck: "false", maxlength: "64" });
  key.value = host.dataset.logKey ?? "";
  const state = element("p", { role: "status", class: "verifier-state" });
  const result = element("div", { class: "verifier-result" });
  const run = async (read) => {
    state.textContent = "正在核验，请稍候…";
    result.replaceChildren();
    // Two frames, so that the words above are painted before the computing starts.
    await new Promise((done) => setTimeout(done, 30));
    try {
      const report = verify(await read(), { logKey: key.value.trim().toLowerCase() });
      show(result, report);
      state.textContent = "核验完成。全部计算在本机进行，没有上传任何内容。";
    } catch (error) {
      state.textContent = `无法读取：${error.message}。请重新下载抽取记录后再试。`;
    }
  };
  input.addEventListener("change", () => input.files.length && run(() => readFiles(input.files)));
  const parts = [];
  const address = host.dataset.record;
  if (address) {
    const button = element("button", { type: "button", class: "button button-primary" }, "核验本次抽取的公开记录");
    button.addEventListener("click", () =>
      run(async () => {
        const reply = await fetch(address);
        if (!reply.ok) throw new Error(`服务器回答 ${reply.status}`);
        return readFiles([{ name: "record.zip", arrayBuffer: () => reply.arrayBuffer() }]);
      }),
    );
    parts.push(element("p", {}, button));
  }
  parts.push(
    element(
      "p",
      {},
      element("label", { for: "verifier-files" }, address ? "或者选择已下载的记录（ZIP、企业核验文件，或记录中的全部文件）：" : "选择抽取记录（ZIP、企业核验文件，或记录中的全部文件）："),
      input,
    ),
    element("p", {}, element("label", { for: "verifier-key" }, "日志公钥（可不填；填写后核对签名是否出自该公钥）："), key),
    state,
    result,
  );
  host.replaceChildren(...parts);
}

if (typeof document !== "undefined") {
  for (const host of document.querySelectorAll("[data-verifier]")) mount(host);
}
