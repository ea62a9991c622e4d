// Keeps what is typed into a form as it is typed; the form works as well without it.
"use strict";
(() => {
  const PAUSE = 1200;
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const line = form.querySelector(".saved");
  let timer = 0;
  let isSaving = false;
  let isChanged = false;
  let isStopped = false;
  let saving = Promise.resolve();

  const say = (words, isTrouble = false) => {
    line.textContent = words;
    line.classList.toggle("saved--trouble", isTrouble);
  };

  const save = () => {
    if (!isSaving && !isStopped && isChanged) saving = send();
  };

  const send = async () => {
    isSaving = true;
    isChanged = false;
    say(form.dataset.saving);
    try {
      const answer = await fetch(form.dataset.autosave, { method: "POST", body: new FormData(form), redirect: "manual" });
      const isOurs = (answer.headers.get("content-type") ?? "").includes("json");
      if (answer.ok && isOurs) {
        const { version, sentence } = await answer.json();
        if (version !== undefined) form.elements.version.value = version;
        say(sentence);
      } else {
        isChanged = true;
        isStopped = answer.status !== 400 && answer.status < 500;
        say(isOurs ? (await answer.json()).sentence : form.dataset.gone, true);
      }
    } catch {
      isChanged = true;
      say(form.dataset.lost, true);
    }
    isSaving = false;
    if (isChanged && !isStopped && !line.classList.contains("saved--trouble")) later();
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };

  form.addEventListener("input", () => {
    isChanged = true;
    later();
  });
  // The form's own buttons wait for a save under way, whose version they then send, and are followed by no other.
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    if (isSaving) {
      event.preventDefault();
      if (isStopped) return;
      isStopped = true;
      await saving;
      form.requestSubmit(event.submitter);
      return;
    }
    isStopped = true;
    isChanged = false;
  });
  // A page that the browser kept (its back button) shows what was stored before.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) save();
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged) event.preventDefault();
  });
})();
