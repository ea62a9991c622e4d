// A bar while a file is being sent, and a page that follows its check.
"use strict";
(() => {
  const form = document.querySelector("form[data-upload]");
  if (form) {
    const place = form.querySelector(".upload-progress");
    const bar = place.querySelector("progress");
    const send = form.querySelector("button:not([type])");
    const show = (isSending) => {
      place.hidden = !isSending;
      send.disabled = isSending;
      bar.value = 0;
    };
    const withoutPlace = (address) => address.split("#")[0];
    let request = null;

    form.addEventListener("submit", (event) => {
      if (!form.querySelector("input[type=file]").files.length) return;
      event.preventDefault();
      show(true);
      request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (sent) => {
        if (sent.lengthComputable) bar.value = (100 * sent.loaded) / sent.total;
      });
      request.addEventListener("load", () => {
        // The same address means that the form was not accepted: sent again as usual, it shows why.
        if (withoutPlace(request.responseURL) === withoutPlace(window.location.href)) form.submit();
        else window.location.assign(request.responseURL);
      });
      request.addEventListener("error", () => form.submit());
      request.open("POST", window.location.href);
      request.send(new FormData(form));
    });
    place.querySelector("button").addEventListener("click", () => {
      request?.abort();
      show(false);
    });
    // Whoever comes back to this page may send again.
    window.addEventListener("pageshow", () => show(false));
  }

  const running = document.querySelector("[data-progress]");
  if (running) {
    const busy = running.dataset.busy || "checking";
    const follow = async () => {
      try {
        const answer = await fetch(running.dataset.progress);
        const { state, done, total } = answer.ok && !answer.redirected ? await answer.json() : {};
        if (state !== busy && answer.status < 500) {
          window.location.reload();
          return;
        }
        if (done !== undefined) running.querySelector("[data-done]").textContent = done.toLocaleString();
        if (total) {
          const bar = running.querySelector("progress");
          [bar.max, bar.value] = [total, done];
          running.querySelector("[data-total]").textContent = ` / ${total.toLocaleString()}`;
        }
      } catch {
        // The line is gone for a moment; the next look may succeed.
      }
      setTimeout(follow, 700);
    };
    setTimeout(follow, 700);
  }
})();
