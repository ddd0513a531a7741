// Saves what was typed a few seconds after the last change (暂存), to form[data-draft-url].
// Says what happened in [data-draft-state]; a failure is retried and never blocks typing.
//
// What the server has not got yet is also kept on this device, under the person and the task, so that a page
// reloaded without network in between loses nothing.  It is taken away as soon as the server has it.
import { entry, showSigned } from "./capture.js";
import { csrfToken, once } from "./dom.js";

const WAIT = 2500;
// A request that outlives the page carries at most this much.
const KEEPALIVE_LIMIT = 60000;
const SENT = "draft-sent";
// What the page itself fills in is not what somebody typed.
const OURS = new Set(["csrf_token", "version"]);

function body(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
  return data;
}

const clock = () => new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

// On the device ---------------------------------------------------------------

const storeKey = (form) => `draft:${form.dataset.draftOwner ?? ""}:${form.dataset.draftUrl}`;

// True when it is kept.
export function keepHere(form) {
  const typed = [...body(form).entries()].filter(([name]) => !OURS.has(name));
  try {
    localStorage.setItem(storeKey(form), JSON.stringify({ at: clock(), version: form.elements.version?.value, typed }));
    return true;
  } catch {
    return false; // no room or not allowed: the server's draft remains
  }
}

function forgetHere(form) {
  try {
    localStorage.removeItem(storeKey(form));
  } catch {
    // nothing was kept
  }
}

// Puts back what the server never received; true when there was something.
function restoreHere(form) {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(storeKey(form)));
  } catch {
    kept = null;
  }
  if (!kept || kept.version !== form.elements.version?.value) {
    forgetHere(form);
    return false;
  }
  addRows(form, kept.typed);
  addFiles(form, kept.typed);
  const values = new Map();
  for (const [name, value] of kept.typed) values.set(name, [...(values.get(name) ?? []), value]);
  for (const input of form.elements) {
    if (!input.name || OURS.has(input.name) || input.type === "file" || input.type === "submit") continue;
    const found = values.get(input.name) ?? [];
    if (input.type === "checkbox" || input.type === "radio") input.checked = found.includes(input.value);
    else if (found.length) [input.value] = found;
    if (input.dataset.value !== undefined && found[0]) showSigned(input);
  }
  form.dispatchEvent(new Event("change", { bubbles: true })); // what is shown depends on what is chosen
  return true;
}

// As many rows as there were.
function addRows(form, typed) {
  for (const list of form.querySelectorAll("[data-rows]")) {
    const prefix = `${list.dataset.rows}-`;
    const numbers = typed.filter(([name]) => name.startsWith(prefix)).map(([name]) => parseInt(name.slice(prefix.length), 10));
    const button = list.querySelector(':scope > .rows-add [name="_add"]');
    for (let left = Math.max(-1, ...numbers) + 1 - list.querySelectorAll(":scope > .rows > [data-row]").length; button && left > 0; left -= 1) {
      button.click();
    }
  }
}

// Files that were uploaded after the page was made.
function addFiles(form, typed) {
  for (const list of form.querySelectorAll("[data-files]")) {
    const known = new Set([...list.querySelectorAll("input")].map((box) => box.value));
    for (const [name, id] of typed) {
      if (name !== list.dataset.files || known.has(id)) continue;
      list.append(entry(name, { id, file_name: "已上传的文件", url: `/attachments/${id}` }));
    }
  }
}

// A form that was sent is forgotten on the page that follows, not before: the network may be gone.
function forgetSent() {
  try {
    const sent = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    const back = [...document.querySelectorAll("form[data-draft-url]")].some((form) => storeKey(form) === sent);
    if (sent && !back) localStorage.removeItem(sent);
  } catch {
    // nothing was kept
  }
}

// With the server ---------------------------------------------------------------

export function watchDrafts(root) {
  if (root === document) forgetSent();
  for (const form of once(root, "form[data-draft-url]", "draft")) {
    const state = form.querySelector("[data-draft-state]");
    let timer = 0;
    let dirty = false;
    const say = (text) => {
      if (state) state.textContent = text;
    };
    const save = async (leaving = false) => {
      clearTimeout(timer);
      if (!dirty || form.dataset.sending) return;
      const data = body(form);
      const size = [...data.entries()].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      if (leaving && size > KEEPALIVE_LIMIT) return; // too much to outlive the page: it is kept on the device
      dirty = false;
      try {
        const response = await fetch(form.dataset.draftUrl, {
          method: "POST",
          body: data,
          keepalive: leaving,
          redirect: "manual",
          headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
        });
        delete form.dataset.unreached;
        if (response.status === 401) say("登录已过期，暂存没有成功；提交时可重新登录后继续");
        else if (response.status === 409) say("该任务已由他人办理，暂存没有成功");
        else if (response.ok) {
          say(`已暂存 ${clock()}`);
          if (!dirty) forgetHere(form);
        } else throw new Error(String(response.status));
      } catch {
        dirty = true;
        form.dataset.unreached = "1"; // a submission asks first whether anybody hears it
        say("没有连上服务器，内容已留在本机，联网后自动暂存");
        timer = setTimeout(save, 15000);
      }
    };
    form.addEventListener("input", () => {
      dirty = true;
      keepHere(form);
      clearTimeout(timer);
      timer = setTimeout(save, WAIT);
    });
    form.addEventListener("submit", () => {
      try {
        sessionStorage.setItem(SENT, storeKey(form));
      } catch {
        // nothing is kept on this device
      }
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") save(true);
    });
    window.addEventListener("online", () => save());
    // A page that tells of errors already holds everything that was typed.
    if (!form.querySelector(".error-summary") && restoreHere(form)) {
      dirty = true;
      say("已恢复留在本机、还没有暂存的内容");
      timer = setTimeout(save, WAIT);
    }
  }
}
