// The header: the menu of a narrow screen, and "/" for the search box.
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
