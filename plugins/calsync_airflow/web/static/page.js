/* What HTML and htmx can't do: ticking while seen, dialogs, copying, order of parts, focus. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const on = (name, act) => document.addEventListener(name, act);
  const say = (text) => { if (text) byId("live").textContent = text; };

  /* hx-trigger="tick3 from:body" polls every three seconds while the page is seen. */
  const tick = (length) => document.body.dispatchEvent(new Event("tick" + length));
  let second = 0;
  setInterval(() => {
    second += 1;
    for (const length of [2, 3, 15]) if (!document.hidden && second % length === 0) tick(length);
  }, 1000);
  on("visibilitychange", () => { if (!document.hidden) tick(15); });

  const copy = async (data) => {
    const field = byId(data.copies);
    field.focus(); field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      say(data.copied);
    } catch { /* on http: it is selected for Ctrl-C */ }
  };

  const move = (button, to) => {
    const item = button.closest("li"), list = item.parentElement;
    if (to === "up") item.previousElementSibling.before(item);
    if (to === "down") item.nextElementSibling.after(item);
    if (to === "out") list.append(item);
    if (to === "in") list.insertBefore(item, list.querySelector(".off"));
    if (to === "in" || to === "out") item.classList.toggle("off");
    ordered(list, item);
    const shown = all("[data-move]:not([hidden])", item), again = { in: "out", out: "in" }[to] || to;
    (shown.find((each) => each.dataset.move === again) || shown[0]).focus();
  };

  /* The form has the order by that of its inputs; those of left out parts are disabled. */
  const ordered = (list, item) => {
    const kept = all("li:not(.off)", list), place = kept.indexOf(item) + 1;
    for (const each of list.children) {
      const off = !kept.includes(each), edge = { up: kept[0], down: kept.at(-1) };
      each.querySelector("input").disabled = off;
      for (const button of all("[data-move]", each)) {
        button.hidden = (button.dataset.move === "in") !== off;
        button.ariaDisabled = edge[button.dataset.move] === each;
      }
    }
    say(place ? item.dataset.place.replace("{n}", place).replace("{all}", kept.length) : item.dataset.left);
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };

  on("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button) return;
    const data = button.dataset;
    if (data.opens || data.move) event.preventDefault();  /* else they send a form */
    if (data.opens) byId(data.opens).showModal();
    if ("closes" in data) button.closest("dialog").close();
    if (data.copies) copy(data);
    if (data.move && button.ariaDisabled !== "true") move(button, data.move);
    /* In Airflow's frame a link can't open a tab: its address is shown. Ctrl-click is the browser's. */
    if (button.matches("[data-frame=sandbox] [data-away]") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      byId("out-address").value = button.href;
      byId("out").showModal();
    }
  });

  /* What differs from what is stored is marked and counted. */
  const form = document.querySelector("form[data-changed]");
  if (form) {
    const note = byId("unsaved"), hint = note.textContent, first = new FormData(form);
    const mark = () => {
      const now = new FormData(form), changed = new Set(form.dataset.before.split(" ").filter(Boolean));
      for (const key of [...first.keys(), ...now.keys()]) if ("" + first.getAll(key) !== "" + now.getAll(key)) changed.add(key);
      for (const each of all(".field [name], #title input", form)) {
        const { classList, dataset } = each.closest(".field, #title").querySelector("legend, label");
        dataset.changed = form.dataset.changed;
        classList.toggle("changed", changed.has(each.name));
      }
      note.textContent = changed.size ? note.dataset.text.replace("{n}", changed.size) : hint;
    };
    on("input", mark); on("change", mark); mark();
  }

  let dragged = null;
  on("pointerdown", (event) => {
    const grip = event.target.closest(".sortable li:not(.off) .grip");
    if (!grip) return;
    dragged = grip.closest("li");
    dragged.classList.add("moving");
    grip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  on("pointermove", ({ clientX, clientY }) => {
    const over = dragged && document.elementFromPoint(clientX, clientY)?.closest(".sortable li:not(.off)");
    if (!over || over === dragged) return;
    const box = over.getBoundingClientRect();
    if (clientY < box.top + box.height / 2) over.before(dragged); else over.after(dragged);
  });
  on("pointerup", () => {
    if (!dragged) return;
    dragged.classList.remove("moving");
    ordered(dragged.parentElement, dragged);
    dragged = null;
  });

  /* What was unfolded stays so. */
  let unfolded = [];
  on("htmx:beforeSwap", () => { unfolded = all("details[id][open]").map((each) => each.id); });
  on("htmx:afterSwap", () => { for (const id of unfolded) if (byId(id)) byId(id).open = true; });

  /* After a swap: say what it says, open its dialog, focus what it wants. */
  on("htmx:afterSettle", ({ detail: { elt, target } }) => {
    const find = (what) => elt.matches(what) ? elt : elt.querySelector(what);
    const shown = find("dialog[data-show]");
    say(find("[data-say]")?.dataset.say);
    if (shown && !shown.open) shown.showModal();
    find("[data-focus]")?.focus();
    stale(target, false);
  });

  /* What fails keeps what was there, and says of when it is. */
  const stale = (target, is) => {
    const mark = target?.closest("[data-live]")?.querySelector("[data-stale]");
    if (mark) mark.hidden = !is;
  };
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    on(failure, ({ detail: { target, xhr, requestConfig } }) => {
      stale(target, true);
      if (requestConfig?.verb === "get" && xhr?.status !== 401) return;
      const note = byId(xhr?.status === 401 ? "signed-out" : "unanswered");
      note.hidden = false;
      say(note.textContent.trim());
    });
  }
})();
