// In the field: position, signature, photos.  Plain inputs underneath work without this.
import { once } from "./dom.js";

export function watchCaptures(root) {
  for (const box of once(root, "[data-location]", "location")) location(box);
  for (const box of once(root, "[data-signature]", "signature")) signature(box);
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

async function signature(box) {
  const { default: SignaturePad } = await import("signature_pad");
  const canvas = box.querySelector("canvas");
  const input = box.querySelector("input[data-value]");
  box.querySelector("[data-pad]").hidden = false;
  const ratio = Math.max(window.devicePixelRatio || 1, 1);
  canvas.width = canvas.offsetWidth * ratio;
  canvas.height = canvas.offsetHeight * ratio;
  canvas.getContext("2d").scale(ratio, ratio);
  const pad = new SignaturePad(canvas, { penColor: "#000", backgroundColor: "#fff" });
  if (input.value.startsWith("data:")) pad.fromDataURL(input.value, { ratio });
  pad.addEventListener("endStroke", () => {
    input.value = canvas.toDataURL("image/png");
    changed(input);
  });
  box.querySelector("[data-clear]").addEventListener("click", () => {
    pad.clear();
    input.value = "";
    changed(input);
  });
}
