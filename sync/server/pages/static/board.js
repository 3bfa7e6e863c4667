// Swaps the fragments that the server sends. Without it the page is right, only not live.
"use strict";

{
  function element(html) {
    const made = document.createElement("template");
    made.innerHTML = html.trim();
    return made.content.firstElementChild;
  }

  function exchange(change) {
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
    if (focused) fresh.querySelector("button, a")?.focus();
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

  // `hear` and `say` of office.js tell beside the heading whether the page is live.
  const source = new EventSource(document.getElementById("board").dataset.stream);
  source.addEventListener("cards", (event) => keepOnly(JSON.parse(event.data)));
  source.addEventListener("swap", (event) => {
    JSON.parse(event.data).forEach(exchange);
    count();
    hear();
  });
  source.addEventListener("beat", hear);
  source.addEventListener("open", hear);
  setInterval(say, 5000);
}
