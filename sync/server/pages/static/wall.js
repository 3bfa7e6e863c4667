// The age of what the wall shows, its clock, and a banner where nothing was heard for a while.
"use strict";

{
  const STALE_MS = 30000;
  const age = document.getElementById("age");
  const began = Date.now();
  let last = began;

  const heard = new EventSource("/live?at=" + encodeURIComponent(document.body.dataset.position ?? ""));
  for (const kind of ["changed", "beat", "open"]) heard.addEventListener(kind, () => { last = Date.now(); tell(); });

  function tell() {
    const now = new Date();
    const seconds = Math.round((now - last) / 1000);
    age.textContent = age.dataset.text.replace("#", String(seconds));
    document.getElementById("clock").textContent = now.toTimeString().slice(0, 5);
    document.getElementById("stale").hidden = now - last <= STALE_MS;
  }

  setInterval(tell, 1000);
  tell();
}
