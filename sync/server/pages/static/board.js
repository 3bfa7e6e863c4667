// Swaps the fragments that the server sends. Without it the page is right, only not live.
"use strict";

const live = document.getElementById("live");
const QUIET_MS = 30000;
let heard = Date.now();

function element(html) {
  const made = document.createElement("template");
  made.innerHTML = html.trim();
  return made.content.firstElementChild;
}

function swap(change) {
  const old = document.getElementById(change.id);
  if (!change.html) {
    old?.remove();
    return;
  }
  const fresh = element(change.html);
  if (!change.into) {
    old?.replaceWith(fresh);
    return;
  }
  const focused = old !== null && old.contains(document.activeElement);
  old?.remove();
  const before = change.after ? document.getElementById(change.after) : null;
  if (before) before.after(fresh);
  else document.getElementById(change.into).prepend(fresh);
  fresh.classList.add("moved");
  if (focused) fresh.querySelector("button")?.focus();
}

function keepOnly(cards) {
  const known = new Set(cards);
  for (const card of document.querySelectorAll(".card")) {
    if (!known.has(card.id)) card.remove();
  }
  count();
}

function count() {
  for (const cards of document.querySelectorAll(".cards")) {
    cards.parentElement.querySelector(".count").textContent = cards.children.length;
  }
}

function say() {
  const quiet = Date.now() - heard > QUIET_MS;
  document.body.classList.toggle("stale", quiet);
  document.body.classList.toggle("live", !quiet);
  live.textContent = quiet ? "not live" : "live";
}

const source = new EventSource("/board/stream?at=" + encodeURIComponent(document.body.dataset.tag));
source.addEventListener("cards", (event) => keepOnly(JSON.parse(event.data)));
source.addEventListener("swap", (event) => {
  heard = Date.now();
  JSON.parse(event.data).forEach(swap);
  count();
  say();
});
source.addEventListener("beat", () => {
  heard = Date.now();
  say();
});
source.addEventListener("open", () => {
  heard = Date.now();
  say();
});
setInterval(say, 5000);
