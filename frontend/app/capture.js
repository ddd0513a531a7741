// In the field: position, signature, photos.  Plain inputs underneath work without this.
import { csrfToken, once } from "./dom.js";
import { giveUp, keep, megabytes, watchOutbox } from "./outbox.js";

export function watchCaptures(root) {
  for (const box of once(root, "[data-location]", "location")) location(box);
  for (const box of once(root, "[data-signature]", "signing")) signature(box);
  for (const input of once(root, ".form input[type=file]", "chinese")) chooseButton(input);
  for (const input of once(root, "form[data-upload-url] input[data-upload]", "uploading")) upload(input);
  for (const form of once(root, "form[data-upload-url]", "outbox")) outbox(form);
}

// A button in Chinese in place of the browser's own, with the chosen names beside it.
function chooseButton(input) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = input.hasAttribute("capture") ? "拍照或选择照片" : "选择文件";
  const names = document.createElement("span");
  names.className = "small muted";
  const box = document.createElement("div");
  box.className = "file-button";
  input.before(box);
  box.append(button, names, input);
  input.classList.add("visually-hidden");
  input.tabIndex = -1;
  const legend = input.closest("fieldset")?.querySelector("legend")?.textContent;
  if (legend) button.setAttribute("aria-label", `${button.textContent}：${legend}`);
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    names.textContent = [...input.files].map((file) => file.name).join("、");
  });
}

// A chosen file is sent at once: a form refused later, or a lost page, does not lose it.
// The answer is {"id", "file_name", "url"}; the id goes into the form like those already there.
function upload(input) {
  const form = input.form;
  const field = input.closest("fieldset");
  const list = field.querySelector("[data-files]");
  const state = field.querySelector("[data-upload-state]");
  input.addEventListener("change", async () => {
    const waiting = [...input.files];
    const failed = new DataTransfer();
    const refused = [];
    let kept = 0;
    for (const [index, file] of waiting.entries()) {
      state.textContent = `正在上传 ${index + 1} / ${waiting.length}：${file.name}`;
      const meta = { taken_at: new Date(file.lastModified).toISOString() };
      for (const part of ["lat", "lng"]) {
        const known = form.querySelector(`[data-location] input[name$="-${part}"]`)?.value;
        if (known) meta[part] = known;
      }
      const body = new FormData();
      body.append("field", input.dataset.upload);
      for (const [name, value] of Object.entries(meta)) body.append(name, value);
      body.append("file", file);
      let response;
      try {
        response = await fetch(form.dataset.uploadUrl, {
          method: "POST",
          body,
          headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
        });
      } catch {
        // No connection: the file waits on this device, in the order it was chosen.
        const where = { owner: form.dataset.draftOwner, url: form.dataset.uploadUrl, page: location.pathname, field: input.dataset.upload, meta };
        const problem = await keep(file, where);
        if (problem) {
          refused.push(problem);
          if (!problem.includes("没有空间")) continue;
          failed.items.add(file); // it stays with the form as long as the page is open
        } else kept += 1;
        continue;
      }
      try {
        const answer = await response.json();
        if (!response.ok) throw new Error(answer.message);
        list.append(entry(input.dataset.upload, answer));
      } catch (error) {
        failed.items.add(file);
        state.textContent = `${file.name} 没有上传成功，将随表单一起提交。`;
      }
    }
    input.files = failed.files; // what failed goes with the form
    input.previousElementSibling.textContent = [...failed.files].map((file) => file.name).join("、");
    const sent = waiting.length - failed.files.length - refused.length - kept;
    if (kept || refused.length) {
      const words = [sent && `已上传 ${sent} 个文件`, kept && `没有连接，${kept} 个文件留在本机，联网后自动上传`, ...refused];
      state.textContent = words.filter(Boolean).join("；");
    } else if (!failed.files.length) state.textContent = `已上传 ${waiting.length} 个文件`;
    if (kept) form.dispatchEvent(new Event("outbox:kept"));
    list.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// What waits on this device stands in its field, with its size, until the server has it.
function outbox(form) {
  const listOf = (field) => form.querySelector(`[data-files="${CSS.escape(field)}"]`);
  const box = watchOutbox(form, {
    show(records) {
      form.dataset.outbox = String(records.length);
      for (const old of form.querySelectorAll("[data-waiting]")) old.remove();
      for (const record of records) {
        const list = listOf(record.field) ?? form.querySelector("[data-files]");
        list?.append(waitingEntry(record, async () => {
          if (!window.confirm(`${record.name} 还没有上传，确定从本机删除吗？`)) return;
          await giveUp(record.order);
          box.refresh();
        }));
      }
      const state = form.querySelector("[data-outbox-state]");
      if (!state) return;
      const size = records.reduce((sum, one) => sum + one.size, 0);
      state.hidden = records.length === 0;
      state.textContent = `待上传 ${records.length} 个文件，共 ${megabytes(size)}。联网后自动上传，传完才能提交；单个文件不超过 20 MB，合计不超过 200 MB。`;
    },
    taken(record, answer) {
      const list = listOf(record.field);
      const known = list && [...list.querySelectorAll("input")].some((one) => one.value === answer.id);
      if (!list || known) return;
      list.append(entry(record.field, answer));
      list.dispatchEvent(new Event("input", { bubbles: true })); // the draft takes the id up
    },
    refused(record, words) {
      const state = listOf(record.field)?.closest("fieldset")?.querySelector("[data-upload-state]");
      if (state) state.textContent = `${record.name}：${words}可以删去后重新选择。`;
    },
  });
  form.addEventListener("outbox:kept", () => box.refresh());
}

function waitingEntry(record, remove) {
  const item = document.createElement("li");
  item.dataset.waiting = record.key;
  const text = document.createElement("span");
  text.textContent = `${record.name}（${megabytes(record.size)}）`;
  const chip = document.createElement("span");
  chip.className = "chip chip-amber";
  chip.textContent = "待上传，留在本机";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "删去";
  button.setAttribute("aria-label", `删去 ${record.name}`);
  button.addEventListener("click", remove);
  item.append(text, chip, button);
  return item;
}

export function entry(name, { id, file_name: fileName, url }) {
  const item = document.createElement("li");
  const text = document.createElement("span");
  const link = document.createElement("a");
  link.href = url;
  link.textContent = fileName;
  text.append(link);
  const label = document.createElement("label");
  label.className = "choice";
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", name, value: id, checked: true });
  label.append(box, "保留");
  item.append(text, label);
  return item;
}

function changed(input) {
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// Fills the longitude and latitude fields; coordinates are WGS-84 degrees as the device gives them.
function location(box) {
  const button = box.querySelector("[data-locate]");
  const state = box.querySelector("[data-state]");
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    state.textContent = "正在定位…";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        for (const part of ["longitude", "latitude", "accuracy"]) {
          const input = box.querySelector(`[data-part="${part}"]`);
          if (!input) continue;
          input.value = coords[part].toFixed(part === "accuracy" ? 0 : 6);
          changed(input);
        }
        const at = box.querySelector('[data-part="at"]');
        if (at) at.value = new Date().toISOString();
        state.textContent = `已定位，误差约 ${Math.round(coords.accuracy)} 米`;
      },
      (error) => {
        state.textContent =
          error.code === 1 ? "没有定位权限，请在浏览器设置中允许，或手工填写经纬度。" : "定位没有成功，请重试或手工填写经纬度。";
      },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 },
    );
  });
}

// A signature put back into its field is shown, or nobody would know it is there.
export function showSigned(input) {
  const box = input.closest("[data-signature]");
  if (!box || box.querySelector("img")) return;
  const image = new Image();
  image.className = "signature-shown";
  image.alt = "已签名";
  image.src = input.value;
  box.prepend(image);
}

async function signature(box) {
  const { default: SignaturePad } = await import("signature_pad");
  const canvas = box.querySelector("canvas");
  const shown = box.querySelector("img");
  const input = box.querySelector("input[data-value]");
  const area = box.querySelector("[data-area]");
  box.querySelector("[data-pad]").hidden = false;
  area.hidden = shown !== null; // signed already: the pad comes back with the button
  const pad = new SignaturePad(canvas, { penColor: "#000", backgroundColor: "#fff" });
  const size = () => {
    const ratio = Math.min(Math.max(window.devicePixelRatio || 1, 1), 2); // the server takes 200 KB
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
  };
  // Sized when it is first seen: inside a hidden field it has no width yet.
  new ResizeObserver((entries, observer) => {
    if (!canvas.offsetWidth) return;
    observer.disconnect();
    size();
  }).observe(canvas);
  pad.addEventListener("endStroke", () => {
    input.value = canvas.toDataURL("image/png");
    changed(input);
  });
  box.querySelector("[data-clear]").addEventListener("click", () => {
    if (shown) shown.hidden = true;
    area.hidden = false;
    pad.clear();
    input.value = "";
    changed(input);
  });
}
