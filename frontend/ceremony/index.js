// The screen of a draw: seconds of the time left, full screen, and a display that stays awake.
// Nothing here is needed to follow a draw; the server's words stand without it.

const clock = document.querySelector("meta[name=server-now]");
const offset = clock ? new Date(clock.content) - Date.now() : 0; // an office machine's clock may be wrong

function left(until) {
  const seconds = Math.floor((new Date(until) - Date.now() - offset) / 1000);
  if (seconds <= 0) return "已到";
  const part = (value) => String(value).padStart(2, "0");
  return `还有 ${part(Math.floor(seconds / 3600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}

function tick() {
  for (const place of document.querySelectorAll("[data-until]")) place.textContent = left(place.dataset.until);
}

tick();
setInterval(tick, 1000);
document.addEventListener("htmx:after:swap", tick);

const full = document.querySelector("[data-fullscreen]");
if (full && document.fullscreenEnabled) {
  full.hidden = false;
  full.addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
}

async function stayAwake() {
  if (document.body.classList.contains("screen") && document.visibilityState === "visible") {
    await navigator.wakeLock?.request("screen").catch(() => {}); // not on plain http; then the projector's own setting counts
  }
}
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
