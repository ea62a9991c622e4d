/* Names the boxes that the admin's own scripts build: a choice with search is called what its label says. */
(() => {
  "use strict";

  const labelOf = (container) => {
    const select = container?.previousElementSibling;
    const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    return label ? label.textContent.trim().replace(/[:\uff1a]$/, "") : null;
  };

  const nameAll = () => {
    document.querySelectorAll(".select2-selection:not([aria-label])").forEach((box) => {
      const label = labelOf(box.closest(".select2-container"));
      if (label) box.setAttribute("aria-label", label);
    });
    document.querySelectorAll(".select2-search__field:not([aria-label])").forEach((field) => {
      const open = document.querySelector(".select2-container--open .select2-selection");
      if (open) field.setAttribute("aria-label", open.getAttribute("aria-label"));
    });
  };

  window.addEventListener("load", nameAll);
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
})();
