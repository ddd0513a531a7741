// Read-only process picture with where the instance stands.
//
// <div class="diagram" data-diagram data-source="/…/diagram.bpmn"
//      data-markers='{"site_check": "current", "prepare_visit": "completed"}'
//      data-badges='{"site_check": {"text": "2", "label": "现场检查：2 项待办"}}'></div>
//
// Markers are current | completed | overdue | incident.  A click on an element with a badge, or on
// the badge, sends the event "diagram:select" with its id and scrolls to #element-<id> when the page has one.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

const MIN_ZOOM = 0.7; // smaller labels cannot be read

export async function show(host) {
  // Vertical scrolling of the page must not be caught by the picture: the wheel zooms with Ctrl only.
  const viewer = new NavigatedViewer({ container: host, zoomScroll: { enabled: false } });
  const response = await fetch(host.dataset.source, { headers: { Accept: "application/xml" } });
  if (!response.ok) {
    host.append(message("流程图没有加载成功，请刷新页面重试。"));
    return null;
  }
  await viewer.importXML(await response.text());
  const canvas = viewer.get("canvas");
  mark(viewer, canvas, JSON.parse(host.dataset.markers || "{}"));
  fit(viewer, canvas, host);
  badge(viewer, host, canvas, JSON.parse(host.dataset.badges || "{}"));
  host.append(tools(viewer, canvas, host));
  return viewer;
}

function message(text) {
  const note = document.createElement("p");
  note.className = "notice notice-error";
  note.textContent = text;
  return note;
}

function mark(viewer, canvas, markers) {
  const registry = viewer.get("elementRegistry");
  for (const [id, state] of Object.entries(markers)) {
    if (registry.get(id)) canvas.addMarker(id, `is-${state}`);
  }
}

function fit(viewer, canvas, host) {
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() >= MIN_ZOOM) return;
  // Too small to read: keep the text legible and start where the work is.
  canvas.zoom(MIN_ZOOM);
  const markers = Object.entries(JSON.parse(host.dataset.markers || "{}"));
  const current = markers.find(([id, state]) => state !== "completed" && viewer.get("elementRegistry").get(id));
  if (current) canvas.scrollToElement(current[0], { top: 80, bottom: 80, left: 160, right: 160 });
  else {
    const box = canvas.viewbox();
    canvas.viewbox({ ...box, x: box.inner.x - 20, y: box.inner.y - 20 });
  }
}

function badge(viewer, host, canvas, badges) {
  const overlays = viewer.get("overlays");
  const registry = viewer.get("elementRegistry");
  host.setAttribute("role", "group");
  if (!host.getAttribute("aria-label")) host.setAttribute("aria-label", "流程图");
  for (const [id, { text, label }] of Object.entries(badges)) {
    if (!registry.get(id)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "diagram-badge";
    button.textContent = text;
    button.setAttribute("aria-label", label || text);
    button.addEventListener("focus", () => canvas.scrollToElement(id, 60));
    button.addEventListener("click", () => select(host, id));
    overlays.add(id, { position: { top: -12, right: 14 }, html: button });
  }
  viewer.get("eventBus").on("element.click", ({ element }) => badges[element.id] && select(host, element.id));
}

function select(host, id) {
  host.dispatchEvent(new CustomEvent("diagram:select", { bubbles: true, detail: { id } }));
  document.getElementById(`element-${id}`)?.scrollIntoView({ behavior: "smooth", block: "center" });
}

function tools(viewer, canvas, host) {
  const box = document.createElement("div");
  box.className = "diagram-tools no-print";
  const add = (text, label, action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", action);
    box.append(button);
  };
  add("＋", "放大", () => viewer.get("zoomScroll").stepZoom(1));
  add("－", "缩小", () => viewer.get("zoomScroll").stepZoom(-1));
  add("全图", "全图：显示整张流程图", () => canvas.zoom("fit-viewport", "auto"));
  return box;
}

for (const host of document.querySelectorAll("[data-diagram]")) {
  show(host).catch((error) => {
    host.append(message("流程图没有加载成功，请刷新页面重试。"));
    throw error;
  });
}
