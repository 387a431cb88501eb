/* What HTML and htmx can't do: ticking while seen, dialogs, copying, order of parts, focus, saying what happened. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const say = (text) => { if (text) byId("live").textContent = text; };

  /* hx-trigger="tick3 from:body" polls every three seconds while the page is seen. */
  const tick = (name) => document.body.dispatchEvent(new Event(name));
  let second = 0;
  setInterval(() => {
    second += 1;
    for (const length of [2, 3, 15]) if (!document.hidden && second % length === 0) tick("tick" + length);
  }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick("tick15"); });

  const copy = async (button) => {
    const field = byId(button.dataset.copies);
    field.focus(); field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      say(button.dataset.copied);
    } catch { /* not on http: it is selected, Ctrl-C does it */ }
  };

  const move = (button) => {
    const item = button.closest("li"), list = item.parentElement, to = button.dataset.move;
    if (to === "up" && item.previousElementSibling) item.previousElementSibling.before(item);
    if (to === "down" && item.nextElementSibling && !item.nextElementSibling.classList.contains("off")) item.nextElementSibling.after(item);
    if (to === "out") { item.classList.add("off"); list.append(item); }
    if (to === "in") { item.classList.remove("off"); list.insertBefore(item, list.querySelector(".off")); }
    ordered(list, item);
    const again = to === "out" ? "in" : to === "in" ? "out" : to;
    const next = item.querySelector(`[data-move="${again}"]:not([hidden])`) || item.querySelector("[data-move]:not([hidden])");
    if (next) next.focus();
  };

  /* The order is in the form by the order of its inputs; those of left out parts are disabled. */
  const ordered = (list, item) => {
    const on = [...list.children].filter((each) => !each.classList.contains("off"));
    for (const each of list.children) {
      const place = on.indexOf(each), off = place < 0;
      each.querySelector("input").disabled = off;
      for (const button of each.querySelectorAll("[data-move]")) {
        const way = button.dataset.move;
        button.hidden = (way === "in") !== off;
        button.setAttribute("aria-disabled", String((way === "up" && place === 0) || (way === "down" && place === on.length - 1)));
      }
    }
    const place = on.indexOf(item);
    say(place < 0 ? item.dataset.left : item.dataset.place.replace("{n}", place + 1).replace("{all}", on.length));
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens], [data-closes], [data-copies], [data-move], [data-away]");
    if (!button) return;
    if (button.dataset.opens) byId(button.dataset.opens).showModal();
    if ("closes" in button.dataset) button.closest("dialog").close();
    if (button.dataset.copies) copy(button);
    if (button.dataset.move && button.getAttribute("aria-disabled") !== "true") move(button);
    /* In Airflow's frame a link can't open a tab: show its address instead. Ctrl-click is the browser's. */
    if ("away" in button.dataset && document.documentElement.dataset.frame === "sandbox" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      byId("out-address").value = button.href;
      byId("out").showModal();
    }
  });

  let dragged = null;
  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".sortable .grip");
    if (!grip || grip.closest(".off")) return;
    dragged = grip.closest("li");
    dragged.classList.add("moving");
    grip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  document.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const over = [...dragged.parentElement.children].find((each) => {
      const box = each.getBoundingClientRect();
      return each !== dragged && !each.classList.contains("off") && event.clientY > box.top && event.clientY < box.bottom;
    });
    if (!over) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(dragged); else over.after(dragged);
  });
  document.addEventListener("pointerup", () => {
    if (!dragged) return;
    dragged.classList.remove("moving");
    ordered(dragged.parentElement, dragged);
    dragged = null;
  });

  /* What was unfolded stays so. */
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", () => {
    unfolded = [...document.querySelectorAll("details[id][open]")].map((each) => each.id);
  });
  document.addEventListener("htmx:afterSwap", () => { for (const id of unfolded) if (byId(id)) byId(id).open = true; });

  /* After a swap: say what it says, open the dialog in it, and go where it wants the focus. */
  document.addEventListener("htmx:afterSettle", (event) => {
    const swapped = event.detail.elt;
    const find = (what) => swapped.matches(what) ? swapped : swapped.querySelector(what);
    const said = find("[data-say]"), shown = find("dialog[data-show]"), focused = find("[data-focus]");
    if (said) say(said.dataset.say);
    if (shown && !shown.open) shown.showModal();
    if (focused) focused.focus();
    stale(event.detail.target, false);
  });

  /* A fragment that fails keeps what was there, and says of when it is. */
  const stale = (target, on) => {
    const mark = target && target.closest("[data-live]") && target.closest("[data-live]").querySelector("[data-stale]");
    if (mark) mark.hidden = !on;
  };
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => {
      stale(event.detail.target, true);
      const status = event.detail.xhr ? event.detail.xhr.status : 0;
      const polls = event.detail.requestConfig && event.detail.requestConfig.verb === "get";
      if (!polls || status === 401) {
        const note = byId(status === 401 ? "signed-out" : "unanswered");
        note.hidden = false;
        say(note.textContent.trim());
      }
    });
  }
})();
