// The form of a proposal: years from the period, what each leaves, one person more. It works as well without.
"use strict";
(() => {
  const form = document.getElementById("entry");
  const years = document.getElementById("years");
  if (!form || !years) return;
  document.querySelector("[data-focus]")?.focus();

  const grouped = (number) => number.toLocaleString("en").replace("-", "\u2212");
  const plain = (text) => text.normalize("NFKC").replaceAll(",", "").trim();
  const yen = (input) => (/^\d+$/.test(plain(input.value)) ? Number(plain(input.value)) : null);
  const amounts = (row) => [...row.querySelectorAll("input.yen")];

  // The fiscal year (April to March) of a day in the Western or the present Japanese calendar; null for another text.
  const fiscalYear = (text) => {
    const found = plain(text).match(/^(?:(?:\u4ee4\u548c|R)(\d{1,2}|\u5143)|(\d{4}))[-/.\u5e74](\d{1,2})[-/.\u6708](\d{1,2})\u65e5?$/i);
    if (!found) return null;
    const year = found[2] ? Number(found[2]) : 2018 + (found[1] === "\u5143" ? 1 : Number(found[1]));
    return year - (Number(found[3]) < 4 ? 1 : 0);
  };

  const reckon = () => {
    const sums = [0, 0];
    for (const row of years.rows) {
      const [direct, indirect] = amounts(row).map((input) => yen(input) ?? 0);
      sums[0] += direct;
      sums[1] += indirect;
      const left = Number(years.dataset.ceiling) - direct - (years.dataset.countsIndirect === "yes" ? indirect : 0);
      const output = row.querySelector(".left");
      output.classList.toggle("over", left < 0);
      output.textContent = left < 0 ? years.dataset.over.replace("{amount}", grouped(-left)) : grouped(left);
    }
    document.getElementById("total-direct").textContent = grouped(sums[0]);
    document.getElementById("total-indirect").textContent = grouped(sums[1]);
    [...years.rows].forEach((row, place) => {
      row.querySelector(".copy-down").hidden = place === years.rows.length - 1;
    });
  };

  const labels = JSON.parse(document.getElementById("year-labels").textContent);
  const named = (year) => labels[year] ?? String(year);

  const addYear = (year) => {
    const html = document.getElementById("year-template").innerHTML;
    const body = document.createElement("tbody");
    body.innerHTML = html.replaceAll("_yen_0", `_yen_${year}`).replaceAll("__label__", named(year));
    const row = body.rows[0];
    row.dataset.year = year;
    amounts(row).forEach((input, place) => {
      input.setAttribute("aria-label", `${named(year)} ${years.closest("table").tHead.rows[0].cells[place + 1].textContent}`);
    });
    years.insertBefore(row, [...years.rows].find((other) => Number(other.dataset.year) > year) ?? null);
  };

  const follow = () => {
    const [first, last] = ["starts_on", "ends_on"].map((name) => fiscalYear(form.elements[name].value));
    if (first === null || last === null || last < first || last - first > 20) return;
    for (const row of [...years.rows]) {
      const isEmpty = amounts(row).every((input) => !input.value.trim());
      if (isEmpty && (row.dataset.year < first || row.dataset.year > last)) row.remove();
    }
    const there = new Set([...years.rows].map((row) => Number(row.dataset.year)));
    for (let year = first; year <= last; year += 1) if (!there.has(year)) addYear(year);
    reckon();
  };

  form.addEventListener("change", ({ target }) => {
    if (target.name === "starts_on" || target.name === "ends_on") follow();
    if (target.matches("input.yen") && yen(target) !== null) target.value = grouped(yen(target));
  });
  form.addEventListener("input", ({ target }) => {
    if (target.matches("input.yen")) reckon();
  });
  form.addEventListener("click", (event) => {
    const { target } = event;
    if (target.matches(".copy-down")) {
      const row = target.closest("tr");
      const from = amounts(row).map((input) => input.value);
      for (let below = row.nextElementSibling; below; below = below.nextElementSibling) {
        amounts(below).forEach((input, place) => (input.value = from[place]));
      }
      reckon();
      form.dispatchEvent(new Event("input"));
    }
    if (target.dataset.add) {
      event.preventDefault();
      const total = form.elements[`${target.dataset.add}-TOTAL_FORMS`];
      const section = target.closest("fieldset");
      const html = section.querySelector("template").innerHTML;
      const made = document.createElement("div");
      made.innerHTML = html.replaceAll("__prefix__", total.value).replaceAll("__place__", Number(total.value) + 1);
      const person = made.firstElementChild;
      section.querySelector("template").before(person);
      total.value = Number(total.value) + 1;
      person.querySelector("input:not([type=hidden])").focus();
    }
  });
  form.querySelector('[name="add_years"]').hidden = true;
  follow();
  reckon();
})();
