// Moves a block of the week board by mouse or keys: to a look at what it changes, never at once.
"use strict";

const DAY_MS = 86400000;
let dragged = "";

function look(order, start) {
  location.href = "/plan/move?" + new URLSearchParams({ order, start });
}

function later(day, days) {
  return new Date(Date.parse(day + "T00:00:00Z") + days * DAY_MS).toISOString().slice(0, 10);
}

for (const block of document.querySelectorAll(".block[draggable]")) {
  block.addEventListener("dragstart", (event) => {
    dragged = block.dataset.order;
    event.dataTransfer.setData("text/plain", dragged);
    event.dataTransfer.effectAllowed = "move";
  });
  block.addEventListener("dragend", () => {
    dragged = "";
  });
  block.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !event.shiftKey) return;
    event.preventDefault();
    look(block.dataset.order, later(block.dataset.begins, step));
  });
}

for (const cell of document.querySelectorAll(".cell[data-day]")) {
  cell.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    cell.classList.add("over");
  });
  cell.addEventListener("dragleave", () => cell.classList.remove("over"));
  cell.addEventListener("drop", (event) => {
    cell.classList.remove("over");
    if (!dragged) return;
    event.preventDefault();
    look(dragged, cell.dataset.day);
  });
}
