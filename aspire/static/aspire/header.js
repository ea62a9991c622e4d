// The header: the menu of a narrow screen, and "/" for the search box. And what was refused: it takes the focus, and the
// title of the page begins with it.
"use strict";

const button = document.querySelector(".menu-button");
const box = document.querySelector(".site-search input");

if (button) {
  const menu = document.getElementById(button.getAttribute("aria-controls"));
  button.hidden = false;
  menu.classList.add("sections--folds");
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
  });
}

if (box) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (button && button.offsetParent) button.setAttribute("aria-expanded", "true");
    box.focus();
    box.select();
  });
}

const refused = document.querySelector("main .banner--error[role=alert]");

if (refused) {
  refused.tabIndex = -1;
  refused.focus();
  document.title = `${document.body.dataset.error} ${document.title}`;
}

// On a phone the rows of a list stand as blocks; each cell then says what it is.
for (const table of document.querySelectorAll("table.stacks")) {
  const labels = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, place) => {
      if (cell.tagName === "TD" && labels[place] && cell.colSpan === 1) cell.dataset.label = labels[place];
    });
  }
}

// The tab of this page is in sight, however many stand before it.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
