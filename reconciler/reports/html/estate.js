"use strict";
(() => {
  const of = id => document.getElementById(id);
  const [find, kind, state, owner, found, none] = ["find", "kind", "state", "owner", "found", "none"].map(of);
  const folded = text => text.normalize("NFKC").toLowerCase();
  const entries = [...document.querySelectorAll(".entry")].map(node => ({
    node,
    kind: node.dataset.kind,
    state: node.dataset.state,
    owner: node.dataset.owner || "",
    text: folded(node.textContent),
    shown: true,
  }));
  const blocks = [...document.querySelectorAll("section")]
    .map(node => ({ node, entries: entries.filter(one => node.contains(one.node)), shown: true }))
    .filter(one => one.entries.length);
  const objects = entries.filter(one => one.kind !== "report");
  let timer = 0;

  const fits = (one, words) =>
    (!kind.value || one.kind === kind.value) &&
    (!state.value || one.state === state.value) &&
    (!owner.value || one.owner === owner.value) &&
    words.every(word => one.text.includes(word));

  const filter = () => {
    const words = folded(find.value).split(/\s+/).filter(Boolean);
    for (const one of entries) {
      const shown = fits(one, words);
      if (shown !== one.shown) {
        one.node.hidden = !shown;
        one.shown = shown;
      }
    }
    for (const one of blocks) {
      const shown = one.entries.some(entry => entry.shown);
      if (shown !== one.shown) {
        one.node.hidden = !shown;
        one.shown = shown;
      }
    }
    const number = objects.reduce((sum, one) => sum + one.shown, 0);
    none.hidden = entries.some(one => one.shown);
    // A reader that speaks would otherwise announce every keystroke.
    clearTimeout(timer);
    timer = setTimeout(() => {
      found.textContent = number === objects.length ? `${number} objects` : `${number} of ${objects.length} objects`;
    }, 150);
  };

  const reset = () => {
    for (const one of [find, kind, state, owner]) one.value = "";
    filter();
    find.focus();
  };

  find.addEventListener("input", filter);
  for (const one of [kind, state, owner]) one.addEventListener("change", filter);
  of("reset").addEventListener("click", reset);
  document.addEventListener("keydown", event => {
    const writes = event.target.matches("input, select, textarea");
    if (event.key === "/" && !writes && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "Escape" && event.target === find && find.value) {
      find.value = "";
      filter();
    }
  });
  of("tools").hidden = false;
  filter();
})();
