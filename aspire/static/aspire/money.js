/* Beside each yen amount of the yearly costs: the amount in millions, the year's total, and what is left under the ceiling. */
(() => {
  "use strict";

  const exact = (yen) => yen.toLocaleString("en").replace("-", "\u2212");

  /* Whole yen as typed, or null while the box holds anything else. */
  const typed = (input) => (/^-?\d+$/.test(input?.value.trim() ?? "") ? Number(input.value) : null);

  const inMillions = (group, yen) =>
    group.dataset.millions.replace("{amount}", (Math.round(yen / 100_000) / 10).toLocaleString("en"));

  const say = (group, input) => {
    let words = input.parentElement.querySelector(".in-millions");
    if (!words) {
      words = document.createElement("output");
      words.className = "in-millions";
      words.setAttribute("for", input.id);
      input.after(words);
    }
    const yen = typed(input);
    words.textContent = yen === null ? "" : inMillions(group, yen);
  };

  const addUp = (group, row) => {
    const [direct, indirect] = ["direct_yen", "indirect_yen"].map((name) => typed(row.querySelector(`input[name$="-${name}"]`)));
    if (direct === null || indirect === null) return;
    const total = row.querySelector(".field-total p");
    if (total) total.textContent = exact(direct + indirect);
    const remaining = row.querySelector(".field-remaining p");
    if (!remaining || !group.dataset.ceilingYen) return;
    const counted = group.dataset.indirectIncluded === "false" ? direct : direct + indirect;
    const left = Number(group.dataset.ceilingYen) - counted;
    remaining.classList.toggle("over", left < 0);
    remaining.textContent = left < 0 ? group.dataset.over.replace("{amount}", exact(-left)) : exact(left);
  };

  const follow = (event) => {
    const input = event.target;
    if (!/-(in)?direct_yen$/.test(input.name ?? "")) return;
    const group = input.closest("[data-millions]");
    if (!group) return;
    say(group, input);
    addUp(group, input.closest("tr"));
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll('[data-millions] input[name$="direct_yen"]').forEach((target) => {
      if (target.value) follow({ target });
    });
    document.addEventListener("input", follow);
  });
})();
