/* Names the boxes that the admin's own scripts and widgets leave without a label. */
(() => {
  "use strict";

  const place = (label) => {
    label.id ||= `label-of-${label.htmlFor}`;
    return label.id;
  };

  /* A choice with search is called what its label says, and tells its value. */
  const nameChoice = (shown) => {
    const box = shown.closest(".select2-selection");
    const select = box.closest(".select2-container").previousElementSibling;
    const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (!label) return;
    [box, shown].forEach((part) => part.setAttribute("aria-labelledby", `${place(label)} ${shown.id}`));
  };

  /* The box to type in belongs to the choice that is open. */
  const nameSearch = (field) => {
    const open = document.querySelector(".select2-container--open .select2-selection[aria-labelledby]");
    if (open) field.setAttribute("aria-labelledby", open.getAttribute("aria-labelledby").split(" ")[0]);
  };

  /* Day and time stand in two boxes under one label; the words before each box tell them apart. */
  const nameMoment = (input) => {
    if (input.labels.length) return;
    const words = input.previousSibling?.textContent.trim().replace(/[:\uff1a]$/, "") ?? "";
    const label = input.closest(".form-row, td")?.querySelector("label, legend");
    input.setAttribute("aria-label", `${label?.textContent.trim().replace(/[:\uff1a]$/, "") ?? ""} ${words}`.trim());
  };

  const nameAll = () => {
    document.querySelectorAll(".select2-selection__rendered[id]:not([aria-labelledby])").forEach(nameChoice);
    document.querySelectorAll(".select2-search__field:not([aria-labelledby])").forEach(nameSearch);
    document.querySelectorAll(".datetime input:not([aria-label])").forEach(nameMoment);
  };

  window.addEventListener("load", nameAll);
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
})();
