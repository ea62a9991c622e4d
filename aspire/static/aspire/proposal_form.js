// A new proposal's field and funder are offered for the call chosen in the same form.
"use strict";
(() => {
  const call = document.getElementById("id_call");
  if (!call) return;
  const offer = () => {
    for (const name of ["field", "primary_funder"]) {
      const select = document.getElementById(`id_${name}`);
      const $ = window.django && window.django.jQuery;
      if (!select || !$ || !$.fn.djangoAdminSelect2) continue;
      const url = new URL(select.getAttribute("data-ajax--url"), window.location);
      url.searchParams.set("call", call.value);
      $(select).select2("destroy");
      $(select).removeData();
      select.setAttribute("data-ajax--url", url.pathname + url.search);
      $(select).djangoAdminSelect2();
    }
  };
  call.addEventListener("change", offer);
})();
