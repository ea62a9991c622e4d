// A row of the ranking unfolds under itself, and one box chooses a whole page. Without this both are ordinary pages.
"use strict";
(() => {
  const table = document.getElementById("ranking");
  if (!table) return;

  table.querySelector("[data-all]")?.addEventListener("change", ({ target }) => {
    for (const box of table.querySelectorAll("input[name=pick]")) box.checked = target.checked;
  });

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
