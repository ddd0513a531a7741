// Says so when the network is gone, and keeps a task form from being sent where nobody hears it: the browser would
// leave the page for its own error page, which knows nothing of what is kept on this device.
import { once } from "./dom.js";
import { keepHere } from "./draft.js";

// How long the server may take to be heard at all before the form is held back, in milliseconds.
const PATIENCE = 5000;

export function watchOffline(root) {
  for (const hint of once(root, "[data-offline]", "network")) {
    // A task form says it where it is needed, above its buttons.
    const show = () => {
      hint.hidden = navigator.onLine || document.querySelector("[data-offline-state]") !== null;
    };
    window.addEventListener("online", show);
    window.addEventListener("offline", show);
    show();
  }
  for (const form of once(root, "form[data-draft-url]", "guarded")) {
    const place = form.querySelector("[data-offline-state]");
    if (place) guard(form, place);
  }
}

function guard(form, place) {
  let pressed = "";
  const say = (text) => {
    place.textContent = text;
  };
  const hold = (why) => {
    const kept = keepHere(form) ? "填写的内容已存在本机" : "本机存不下填写的内容，请不要关闭本页";
    say(`${why}，“${pressed}”没有送出。${kept}，联网后再按一次。`);
  };
  const tell = () => {
    if (!navigator.onLine) say("网络已断开，填写的内容存在本机，联网后再提交。");
    else say(pressed ? `网络已恢复，请再按“${pressed}”。` : "");
  };
  form.addEventListener(
    "submit",
    (event) => {
      if (navigator.onLine && !form.dataset.unreached) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      pressed = submitter?.textContent.trim() || "提交";
      if (!navigator.onLine) hold("没有网络");
      else if (!form.dataset.asking) ask(submitter);
    },
    true,
  );
  // The browser believes in a network although the last saving got no answer: ask before the page is left.
  async function ask(submitter) {
    form.dataset.asking = "1";
    say("正在连接服务器…");
    try {
      await fetch(form.dataset.draftUrl, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    } catch {
      hold("没有连上服务器");
      return;
    } finally {
      delete form.dataset.asking;
    }
    delete form.dataset.unreached; // any answer will do
    say("");
    form.requestSubmit(submitter);
  }
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  tell();
}
