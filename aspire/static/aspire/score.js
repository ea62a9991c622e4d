/* While one scores: the mean by the weights of the criteria, and how many of them have a score. */
"use strict";
(() => {
  const form = document.getElementById("review-form");
  const place = form?.querySelector("[data-total]");
  if (!place) return;

  const scales = [...form.querySelectorAll("fieldset[data-weight]")];
  const show = () => {
    const given = scales
      .map((scale) => ({ weight: Number(scale.dataset.weight), box: scale.querySelector("input:checked") }))
      .filter(({ box }) => box);
    const weights = given.reduce((sum, { weight }) => sum + weight, 0);
    const points = given.reduce((sum, { weight, box }) => sum + weight * Number(box.value), 0);
    place.textContent = place.dataset.total
      .replace("{mean}", weights ? (Math.round((points / weights) * 100) / 100).toFixed(2) : "\u2015")
      .replace("{done}", given.length)
      .replace("{all}", scales.length);
  };
  form.addEventListener("change", show);
  show();
})();
