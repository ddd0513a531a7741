// Files chosen without a connection wait on this device (IndexedDB) until the server has them.
//
// Each has a key of its own: the server keeps one file a key, so a repeated sending does no harm.  They are sent in
// the order they were chosen, from the page of the task they belong to: its form takes the id up.  They are deleted
// when the server has them, when somebody gives one up, and when the person signs out.
import { csrfToken } from "./dom.js";

const DATABASE = "lianjian-outbox";
const STORE = "files";
const AGAIN = 15000;
// The server takes 20 MB a file; together a telephone should not have to carry more than this.
export const FILE_LIMIT = 20 * 1024 * 1024;
export const TOTAL_LIMIT = 200 * 1024 * 1024;

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "order", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function within(mode, work) {
  const transaction = (await database()).transaction(STORE, mode);
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
  const request = work(transaction.objectStore(STORE));
  await done;
  return request.result;
}

export const megabytes = (bytes) => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);

// Everything that waits, in the order it was chosen.
export async function waiting() {
  try {
    return await within("readonly", (store) => store.getAll());
  } catch {
    return []; // the browser keeps nothing, e.g. in a private window
  }
}

// Keeps a file; answers why not, in words, or nothing.
export async function keep(file, where) {
  if (file.size > FILE_LIMIT) return `${file.name}（${megabytes(file.size)}）超过单个文件 20 MB 的上限，没有留存，请压缩后重新选择。`;
  const held = (await waiting()).reduce((sum, one) => sum + one.size, 0);
  if (held + file.size > TOTAL_LIMIT) return `本机待上传的文件已有 ${megabytes(held)}，合计上限 200 MB，${file.name} 没有留存，请联网上传后再拍。`;
  try {
    const bytes = await file.arrayBuffer();
    await within("readwrite", (store) =>
      store.add({ ...where, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, name: file.name, type: file.type, size: file.size, bytes }),
    );
    return "";
  } catch {
    return `本机没有空间保存 ${file.name}，请不要关闭页面，联网后重新选择。`;
  }
}

export async function giveUp(order) {
  await within("readwrite", (store) => store.delete(order));
}

export async function clear() {
  try {
    await within("readwrite", (store) => store.clear());
  } catch {
    // nothing was kept
  }
}

// Sends what waits for one task, first chosen first; stops at the first that does not get through.
// `taken(record, answer)` is told of each the server has, `refused(record, words)` of each it will never take.
async function send(form, taken, refused) {
  for (const record of await waiting()) {
    if (record.url !== form.dataset.uploadUrl || record.owner !== form.dataset.draftOwner) continue;
    const body = new FormData();
    body.append("field", record.field);
    for (const [name, value] of Object.entries(record.meta)) body.append(name, value);
    body.append("file", new File([record.bytes], record.name, { type: record.type }));
    let response;
    try {
      response = await fetch(record.url, {
        method: "POST",
        body,
        redirect: "manual",
        headers: { "X-CSRFToken": csrfToken(), "Idempotency-Key": record.key, Accept: "application/json" },
      });
    } catch {
      return; // still no connection
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok && answer.id) {
      taken(record, answer);
      await giveUp(record.order);
    } else if ([400, 413, 415, 422].includes(response.status)) refused(record, answer.message ?? "服务器没有接受这个文件。");
    else return; // signed out, taken over by somebody, or trouble on the server: kept for the next attempt
  }
}

// Watches over one form: what waits is shown, sent when there is a connection, and keeps the form from being submitted.
export function watchOutbox(form, { show, taken, refused }) {
  let busy = null;
  const mine = async () => (await waiting()).filter((one) => one.url === form.dataset.uploadUrl && one.owner === form.dataset.draftOwner);
  const refresh = async () => show(await mine());
  const flush = () => {
    // One at a time, also across tabs: two would only send the same keys twice.
    const run = () => send(form, taken, refused);
    busy ??= (navigator.locks ? navigator.locks.request("lianjian-outbox", run) : run()).finally(() => {
      busy = null;
      return refresh();
    });
    return busy;
  };
  form.addEventListener(
    "submit",
    (event) => {
      if (!form.dataset.outbox || Number(form.dataset.outbox) === 0 || event.submitter?.formNoValidate) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      flush().then(async () => {
        const left = await mine();
        if (left.length === 0) form.requestSubmit(submitter);
        else form.querySelector("[data-draft-state]")?.replaceChildren(`还有 ${left.length} 个文件没有上传，联网上传后才能提交。`);
      });
    },
    true,
  );
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && flush());
  setInterval(async () => navigator.onLine && (await mine()).length > 0 && flush(), AGAIN);
  refresh().then(flush);
  return { refresh, flush };
}

// Whoever signs out leaves nothing behind, and is told what would be lost.
export function watchSignOut(root) {
  for (const form of root.querySelectorAll("form[data-sign-out]")) {
    if (form.dataset.onSignOut) continue;
    form.dataset.onSignOut = "1";
    form.addEventListener(
      "submit",
      (event) => {
        if (form.dataset.cleared) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        waiting().then(async (left) => {
          const drafts = Object.keys(localStorage).filter((key) => key.startsWith("draft:"));
          const lost = [left.length && `${left.length} 个文件`, drafts.length && `${drafts.length} 份没有暂存的表单`].filter(Boolean);
          if (lost.length && !window.confirm(`本机还有 ${lost.join("、")}没有上传，退出登录后将从本机删除，不能找回。确定退出吗？`)) return;
          await clear();
          for (const key of drafts) localStorage.removeItem(key);
          form.dataset.cleared = "1";
          form.requestSubmit();
        });
      },
      true,
    );
  }
}

// On every page: how much waits on this device, and where it is sent from.
export async function tellWaiting() {
  const place = document.querySelector("[data-outbox-hint]");
  const left = await waiting();
  if (!place || left.length === 0 || document.querySelector("form[data-upload-url]")) return;
  const pages = [...new Set(left.filter((one) => one.owner === place.dataset.outboxHint).map((one) => one.page))];
  if (pages.length === 0) return;
  place.replaceChildren(`本机有 ${left.length} 个文件待上传，打开原来的页面后自动上传：`);
  for (const [n, page] of pages.entries()) {
    const link = document.createElement("a");
    link.href = page;
    link.textContent = pages.length > 1 ? `任务 ${n + 1}` : "打开任务";
    place.append(" ", link);
  }
  place.hidden = false;
}
