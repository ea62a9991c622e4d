/* Beside each yen amount the same in the unit staff read; for yearly costs the total and what is left under the ceiling. */
(() => {
  "use strict";

  const words = document.currentScript.dataset;
  const grouped = (number) => number.toLocaleString("en").replace("-", "\u2212");

  /* Whole yen as typed, or null while the box holds anything else. */
  const typed = (input) => (/^-?\d+$/.test(input?.value.trim() ?? "") ? Number(input.value) : null);

  /* One decimal, half up, as on every page. */
  const inUnitsOf = (unit, yen) => grouped(Math.round(yen / (unit / 10)) / 10);

  const readable = (yen) => {
    const isLarge = Math.abs(yen) >= Number(words.largeUnit);
    const unit = isLarge ? Number(words.largeUnit) : 1_000_000;
    return (isLarge ? words.large : words.millions).replace("{amount}", inUnitsOf(unit, yen));
  };

  const say = (input) => {
    let said = input.parentElement.querySelector(".readable-yen");
    if (!said) {
      said = document.createElement("output");
      said.className = "readable-yen";
      said.setAttribute("for", input.id);
      input.after(said);
    }
    const yen = typed(input);
    said.textContent = yen === null ? "" : readable(yen);
  };

  const addUp = (group, row) => {
    const amounts = ["direct_yen", "indirect_yen"].map((name) => typed(row.querySelector(`input[name$="-${name}"]`)));
    if (amounts.includes(null)) return;
    const [direct, indirect] = amounts;
    const total = row.querySelector(".field-total p");
    if (total) total.textContent = grouped(direct + indirect);
    const remaining = row.querySelector(".field-remaining p");
    if (!remaining || !group.dataset.ceilingYen) return;
    const counted = group.dataset.indirectIncluded === "false" ? direct : direct + indirect;
    const left = Number(group.dataset.ceilingYen) - counted;
    remaining.classList.toggle("over", left < 0);
    remaining.textContent = left < 0 ? words.over.replace("{amount}", grouped(-left)) : grouped(left);
  };

  const follow = ({ target }) => {
    if (!target.name?.endsWith("_yen")) return;
    say(target);
    const group = target.closest(".inline-group");
    if (group && target.closest("tr")) addUp(group, target.closest("tr"));
  };

  document.querySelectorAll('input[name$="_yen"]').forEach((target) => {
    if (target.value) follow({ target });
  });
  document.addEventListener("input", follow);
})();
