// A row of the ranking unfolds under itself, and one box chooses a whole page, there and among the assignments: it names
// the boxes it chooses. Without this both are ordinary pages.
"use strict";
(() => {
  for (const all of document.querySelectorAll("[data-all]")) {
    all.addEventListener("change", () => {
      const boxes = all.closest("table").querySelectorAll(`input[name="${all.dataset.all}"]`);
      for (const box of boxes) box.checked = all.checked;
    });
  }

  // How many are chosen, in the bar at the foot.
  for (const place of document.querySelectorAll("[data-chosen]")) {
    const form = place.closest("form");
    const count = () => {
      place.textContent = form.querySelectorAll(`input[name="${place.dataset.chosen}"]:checked`).length.toLocaleString("en");
    };
    form.addEventListener("change", count);
    count();
  }

  const table = document.getElementById("ranking");
  if (!table) return;

  const unfold = async (link, row) => {
    const address = new URL(link.href);
    address.searchParams.set("part", "1");
    const answer = await fetch(address);
    if (!answer.ok || answer.redirected) {
      window.location.assign(link.href);
      return;
    }
    const below = document.createElement("tr");
    const cell = below.insertCell();
    below.className = "unfolded";
    cell.colSpan = row.cells.length;
    cell.innerHTML = await answer.text();
    row.after(below);
    link.setAttribute("aria-expanded", "true");
    // The helper beside amounts says millions for what is there already.
    for (const box of cell.querySelectorAll('input[name$="_yen"]')) {
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  table.addEventListener("click", (event) => {
    const link = event.target.closest("a.opens");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const row = link.closest("tr");
    if (row.nextElementSibling?.classList.contains("unfolded")) {
      row.nextElementSibling.remove();
      link.setAttribute("aria-expanded", "false");
    } else unfold(link, row);
  });
})();
