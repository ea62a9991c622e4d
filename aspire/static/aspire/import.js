// A bar while a file is being sent, and a page that follows its check.
"use strict";
(() => {
  const form = document.querySelector("form[data-upload]");
  if (form) {
    form.addEventListener("submit", (event) => {
      const file = form.querySelector("input[type=file]").files[0];
      if (!file) return;
      event.preventDefault();
      const place = form.querySelector(".upload-progress");
      const bar = place.querySelector("progress");
      place.hidden = false;
      form.querySelector("button").disabled = true;
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (sent) => {
        if (sent.lengthComputable) bar.value = (100 * sent.loaded) / sent.total;
      });
      request.addEventListener("load", () => {
        // The same address means that the form was not accepted: sent again as usual, it shows why.
        if (request.responseURL === window.location.href) form.submit();
        else window.location.assign(request.responseURL);
      });
      request.addEventListener("error", () => form.submit());
      request.open("POST", form.action || window.location.href);
      request.send(new FormData(form));
    });
  }

  const running = document.querySelector("[data-progress]");
  if (running) {
    const follow = async () => {
      const answer = await fetch(running.dataset.progress);
      if (!answer.ok) return;
      const { state, done } = await answer.json();
      if (state !== "checking") window.location.reload();
      running.querySelector("[data-done]").textContent = done.toLocaleString();
      setTimeout(follow, 700);
    };
    setTimeout(follow, 700);
  }
})();
