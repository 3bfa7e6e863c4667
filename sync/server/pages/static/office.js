// Keeps what is marked `data-live` as it is on the server. Without it a page is right, only not live.
"use strict";

const QUIET_MS = 30000;
const parts = document.querySelectorAll("[data-live]");
let heard = Date.now();
let fetching = false;
let again = false;

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-live]")) swap(old, fresh.getElementById(old.id));
    }
  } catch {
    // The next event asks again; the age beside the dot tells meanwhile.
  } finally {
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function swap(old, fresh) {
  if (!fresh || old.innerHTML === fresh.innerHTML || old.contains(document.activeElement)) return;
  old.replaceChildren(...fresh.childNodes);
}

function say() {
  const quiet = Date.now() - heard > QUIET_MS;
  document.body.classList.toggle("is-stale", quiet);
  document.body.classList.toggle("is-live", !quiet);
  for (const told of document.querySelectorAll(".live")) told.textContent = quiet ? told.dataset.stale : told.dataset.on;
}

function hear() {
  heard = Date.now();
  say();
}

// A form is sent once; what takes longer than a moment says that it is at work.
const SLOW_MS = 700;
const LOST_MS = 30000;

function send(event) {
  const form = event.target;
  if ((event.submitter?.getAttribute("formmethod") ?? form.method) !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter;
  setTimeout(() => form.dataset.sent && button?.classList.add("busy"), SLOW_MS);
  setTimeout(() => rest(form), LOST_MS);
}

function rest(form) {
  delete form.dataset.sent;
  for (const button of document.querySelectorAll("button.busy")) button.classList.remove("busy");
}

document.addEventListener("submit", send);
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) rest(form);
});

// What was not taken is where one goes on: the field at fault, else what is said of it.
const wrong = document.querySelector("main [aria-invalid]") ?? document.querySelector("main .said.bad[role=alert]");
if (wrong) {
  if (wrong.matches(".said")) wrong.tabIndex = -1;
  wrong.focus();
}

// On a narrow screen the section that one is in may lie beyond the edge.
for (const one of document.querySelectorAll("nav [aria-current]")) {
  const row = one.parentElement;
  if (row.scrollWidth > row.clientWidth) row.scrollLeft = one.offsetLeft - (row.clientWidth - one.offsetWidth) / 2;
}

if (parts.length) {
  const source = new EventSource("/live?at=" + encodeURIComponent(document.body.dataset.position ?? ""));
  source.addEventListener("changed", () => {
    hear();
    refresh();
  });
  source.addEventListener("beat", hear);
  source.addEventListener("open", hear);
  setInterval(say, 5000);
}
