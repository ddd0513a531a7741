// Saves what was typed a few seconds after the last change (暂存), to form[data-draft-url].
// Says what happened in [data-draft-state]; a failure is retried and never blocks typing.
import { csrfToken, once } from "./dom.js";

const WAIT = 2500;

function body(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data.entries()]) if (value instanceof File) data.delete(name);
  return data;
}

const clock = () => new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

export function watchDrafts(root) {
  for (const form of once(root, "form[data-draft-url]", "draft")) {
    const state = form.querySelector("[data-draft-state]");
    let timer = 0;
    let dirty = false;
    const say = (text) => {
      if (state) state.textContent = text;
    };
    const save = async (keepalive = false) => {
      clearTimeout(timer);
      if (!dirty || form.dataset.sending) return;
      dirty = false;
      try {
        const response = await fetch(form.dataset.draftUrl, {
          method: "POST",
          body: body(form),
          keepalive,
          redirect: "manual",
          headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
        });
        if (response.status === 401) say("登录已过期，暂存没有成功；提交时可重新登录后继续");
        else if (response.status === 409) say("该任务已由他人办理，暂存没有成功");
        else if (response.ok) say(`已暂存 ${clock()}`);
        else throw new Error(String(response.status));
      } catch {
        dirty = true;
        say("暂存没有成功，稍后自动重试");
        timer = setTimeout(save, 15000);
      }
    };
    form.addEventListener("input", () => {
      dirty = true;
      clearTimeout(timer);
      timer = setTimeout(save, WAIT);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") save(true);
    });
    window.addEventListener("online", () => save());
  }
}
