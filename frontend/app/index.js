// Enhancements of server-rendered pages.  Every page works without this file.
import htmx from "htmx.org";
import { watchConditions } from "./conditions.js";
import { watchRows } from "./rows.js";
import { watchDrafts } from "./draft.js";
import { watchCaptures } from "./capture.js";
import { watchDates } from "./dates.js";
import { watchOffline } from "./offline.js";
import { tellWaiting, watchSignOut } from "./outbox.js";
import { once } from "./dom.js";

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token) event.detail.ctx.request.headers["X-CSRFToken"] = token.content;
});

// A long list of options gets a field that narrows it.
function watchFilters(root) {
  for (const input of once(root, "input[data-filter]", "filtering")) {
    const list = document.getElementById(input.dataset.filter);
    input.hidden = false;
    input.addEventListener("input", (event) => {
      event.stopPropagation(); // not part of what is saved
      const wanted = input.value.trim().toLowerCase();
      for (const choice of list.querySelectorAll(".choice")) {
        choice.hidden = wanted !== "" && !choice.textContent.toLowerCase().includes(wanted);
      }
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
}

function enhance(root) {
  watchRows(root);
  watchConditions(root);
  watchDrafts(root);
  watchCaptures(root);
  watchOffline(root); // after the files that wait: they have the first word
  watchDates(root);
  watchFilters(root);
  watchSignOut(root);
  watchSubmit(root);
}

// A second click while the first is on its way must not send the form again.
function watchSubmit(root) {
  for (const form of once(root, 'form[method="post"]', "submit")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sending) {
        event.preventDefault();
        return;
      }
      if (event.submitter?.dataset.confirm && !window.confirm(event.submitter.dataset.confirm)) {
        event.preventDefault();
        return;
      }
      form.dataset.sending = "1";
      // Not `disabled`: a disabled button's own value would not be sent.
      event.submitter?.setAttribute("aria-disabled", "true");
      // A download answers the form without leaving the page; free it again.
      setTimeout(() => release(form), 8000);
    });
  }
}

function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll('[aria-disabled="true"]')) button.removeAttribute("aria-disabled");
}

// The browser's back button may show the page as it was left: free its forms.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(release));

// Menus close on a click elsewhere and on Escape.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".menu[open], .tab-bar details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll(".menu[open], .tab-bar details[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

enhance(document);
document.querySelector("[data-focus]")?.focus();
document.addEventListener("rows:added", (event) => enhance(event.detail.row));
document.addEventListener("htmx:after:process", (event) => enhance(event.target));
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});
tellWaiting();
window.htmx = htmx;
