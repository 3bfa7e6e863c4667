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
