/* What is chosen in a list stays chosen over its pages, and is sent with the form at its foot. */
"use strict";
(() => {
  const bar = document.querySelector("form[data-kept]");
  if (!bar) return;

  const key = `aspire-chosen-${bar.dataset.kept}`;
  const boxes = [...document.querySelectorAll(`input[type=checkbox][form="${bar.id}"]`)];
  const chosen = new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]"));
  const show = () => {
    sessionStorage.setItem(key, JSON.stringify([...chosen]));
    bar.querySelector("[data-count]").textContent = chosen.size.toLocaleString("en");
    bar.classList.toggle("act-bar--empty", !chosen.size);
  };

  for (const box of boxes) {
    box.checked = chosen.has(box.value);
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(box.value);
      else chosen.delete(box.value);
      show();
    });
  }
  bar.querySelector("[data-clear]").addEventListener("click", () => {
    chosen.clear();
    for (const box of boxes) box.checked = false;
    show();
  });
  bar.addEventListener("submit", () => {
    const here = new Set(boxes.map((box) => box.value));
    for (const value of chosen) {
      if (here.has(value)) continue;
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: bar.dataset.picks, value });
      bar.append(input);
    }
    chosen.clear();
    sessionStorage.setItem(key, "[]");
  });
  show();
})();
