/* The bar at the foot of the ranking: adds up what is chosen over all pages, says what it would leave, and has the
   server try it. Keys: j and k go from row to row, x chooses, a, r and d choose for an award, a reserve, a decline. */
"use strict";
(() => {
  const bar = document.getElementById("batch");
  const table = document.getElementById("ranking");
  if (!bar || !table) return;

  const room = JSON.parse(bar.dataset.room);
  const key = `aspire-picks-${bar.dataset.call}`;
  const sums = new Map([...bar.querySelectorAll("[data-sum]")].map((place) => [place.dataset.sum, place]));
  const decision = bar.querySelector("[name=decision]");
  const rehearsal = bar.querySelector("[data-rehearsal]");
  const clear = bar.querySelector("[data-clear]");
  const boxes = () => [...table.querySelectorAll('input[name="pick"]')];

  const readable = (yen) => {
    const isLarge = Math.abs(yen) >= Number(bar.dataset.largeUnit);
    const unit = isLarge ? Number(bar.dataset.largeUnit) : 1_000_000;
    const amount = (Math.round(yen / (unit / 10)) / 10).toLocaleString("en").replace("-", "\u2212");
    return (isLarge ? bar.dataset.large : bar.dataset.millions).replace("{amount}", amount);
  };

  /* What is chosen on any page of this list, by number; forgotten with the window. */
  const chosen = new Map(Object.entries(JSON.parse(sessionStorage.getItem(key) ?? "{}")));
  const keep = () => sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(chosen)));
  const numberOf = (box) => box.value.split(":")[0];

  for (const box of boxes()) {
    const kept = chosen.get(numberOf(box));
    if (kept) {
      box.checked = true;
      chosen.set(numberOf(box), { value: box.value, ...JSON.parse(box.dataset.yen) });
    }
  }

  const tell = (name, left, words) => {
    const place = sums.get(String(name));
    if (!place || left === null || left === undefined) return;
    place.textContent = words(left);
    place.classList.toggle("over", left < 0);
    place.parentElement.hidden = false;
  };

  const show = () => {
    const isAward = decision.value === "award";
    const taken = { all: 0, awards: 0, years: {} };
    let yen = 0;
    for (const pick of chosen.values()) {
      const total = Object.values(pick.years).reduce((sum, year) => sum + year, 0);
      yen += total;
      const sign = isAward && !pick.staged ? 1 : !isAward && pick.staged ? -1 : 0;
      taken.all += sign * total;
      taken.awards += sign;
      for (const [year, amount] of Object.entries(pick.years)) taken.years[year] = (taken.years[year] ?? 0) + sign * amount;
    }
    sums.get("count").textContent = chosen.size.toLocaleString("en");
    sums.get("yen").textContent = chosen.size ? readable(yen) : "";
    clear.hidden = !chosen.size;
    bar.classList.toggle("act-bar--empty", !chosen.size);
    tell("pot", room.pot === null ? null : room.pot - taken.all, readable);
    tell("fund", room.fund === null ? null : room.fund - taken.all, readable);
    tell("awards", room.awards === null ? null : room.awards - taken.awards, (left) => left.toLocaleString("en").replace("-", "\u2212"));
    for (const [year, left] of Object.entries(room.years)) tell(year, left - (taken.years[year] ?? 0), readable);
  };

  /* The server applies the batch, looks, and takes it back. */
  let asked = 0;
  const rehearse = async () => {
    const mine = ++asked;
    rehearsal.textContent = "";
    if (!chosen.size || !decision.value) return;
    const data = new FormData(bar);
    data.delete("pick");
    data.delete("top");
    for (const pick of chosen.values()) data.append("pick", pick.value);
    data.append("part", "1");
    const answer = await fetch(bar.action, { method: "POST", body: data });
    if (mine === asked && answer.ok && !answer.redirected) rehearsal.innerHTML = await answer.text();
  };
  let timer;
  const changed = () => {
    keep();
    show();
    clearTimeout(timer);
    timer = setTimeout(rehearse, 600);
  };

  const follow = (box) => {
    if (box.checked) chosen.set(numberOf(box), { value: box.value, ...JSON.parse(box.dataset.yen) });
    else chosen.delete(numberOf(box));
  };

  table.addEventListener("change", ({ target }) => {
    if (target.dataset.all) boxes().forEach(follow);
    else if (target.name === "pick") follow(target);
    else return;
    changed();
  });
  decision.addEventListener("change", changed);
  clear.addEventListener("click", () => {
    chosen.clear();
    for (const box of boxes()) box.checked = false;
    changed();
  });
  bar.addEventListener("submit", ({ submitter }) => {
    const here = new Set(boxes().map(numberOf));
    if (submitter?.value !== "top") {
      for (const [number, pick] of chosen) {
        if (here.has(number)) continue;
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: "pick", value: pick.value });
        bar.append(input);
      }
    }
    chosen.clear();
    keep();
  });

  const rows = () => [...table.querySelectorAll("tbody tr:not(.unfolded)")];
  const go = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement.closest?.("tr"));
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.querySelector("a.opens")?.focus();
    next?.scrollIntoView({ block: "center" });
  };
  const choose = (box) => {
    if (!box) return;
    box.checked = true;
    follow(box);
  };
  const MARKS = { a: "award", r: "reserve", d: "decline" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    const box = document.activeElement.closest?.("tr")?.querySelector('input[name="pick"]');
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "x" && box) box.click();
    else if (MARKS[event.key] && box) {
      decision.value = MARKS[event.key];
      choose(box);
      changed();
    } else return;
    event.preventDefault();
  });

  show();
  if (chosen.size) rehearse();
})();
