// Single keys. None acts while somebody types, or together with Ctrl, Alt or Meta.
const PLACES = { i: "/incidents", a: "/alerts", o: "/on-call", s: "/services" };
const DECLARE = "/incidents/new";
let going = 0;

const visible = (element) => element.checkVisibility?.() ?? true;
const typing = (element) => element?.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") ?? false;

function press(key) {
  const element = [...document.querySelectorAll(`[data-action-key="${CSS.escape(key)}"]`)].find(visible);
  // What cannot be undone with a key takes two: this one, and Enter.
  if (element?.dataset.actionCareful !== undefined) element.focus();
  else element?.click();
  return Boolean(element);
}

function rows() {
  return [...document.querySelectorAll("tbody tr, [data-row]")].filter((row) => visible(row) && !row.closest("details:not([open])"));
}

function move(step) {
  const all = rows();
  const here = all.findIndex((row) => row.classList.contains("row-here"));
  const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  if (!next) return;
  all[here]?.classList.remove("row-here");
  next.classList.add("row-here");
  const link = next.querySelector("a, button, input");
  if (link) link.focus();
  else next.scrollIntoView({ block: "nearest" });
}

function mark() {
  document.querySelector(".row-here input[type=checkbox]")?.click();
}

// The list of keys has those that act here and now, and no other.
const keys = document.getElementById("keys");

function showKeys() {
  const here = new Map();
  for (const element of document.querySelectorAll("[data-action-key]")) {
    const { actionKey, action, actionCareful } = element.dataset;
    if (visible(element) && !here.has(actionKey)) here.set(actionKey, { action, names: [actionKey, ...(actionCareful === undefined ? [] : ["Enter"])] });
  }
  const section = keys.querySelector("[data-keys-here]");
  section.hidden = here.size === 0;
  section.querySelector("dl").replaceChildren(...[...here.values()].map(keysRow));
  for (const row of keys.querySelectorAll("[data-keys]")) {
    const need = row.dataset.keysNeed;
    row.hidden = here.has(row.dataset.keys) || (need !== undefined && ![...document.querySelectorAll(need)].some(visible));
  }
  keys.showModal();
}

function keysRow({ action, names }) {
  const row = document.createElement("div"), what = document.createElement("dt"), how = document.createElement("dd");
  what.textContent = action;
  for (const name of names) {
    const key = document.createElement("kbd");
    key.className = "key";
    key.textContent = name;
    how.append(key, " ");
  }
  row.append(what, how);
  return row;
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  x: mark,
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": showKeys,
  g: () => (going = Date.now()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (Date.now() - going < 1200 && event.key in PLACES) {
    location.assign(PLACES[event.key]);
  } else if (press(event.key)) {
    event.preventDefault();
  } else if (event.key === "c") {
    location.assign(DECLARE);
  } else if (event.key in actions) {
    event.preventDefault();
    actions[event.key]();
  }
});

for (const button of document.querySelectorAll("[data-keys-open]")) {
  button.hidden = false;
  button.addEventListener("click", showKeys);
}

// The bar of bulk actions says how many rows it would act on.
document.addEventListener("change", (event) => {
  const form = event.target.closest(".bulk");
  if (!form) return;
  const number = form.querySelectorAll("tbody input[type=checkbox]:checked").length;
  form.querySelector("[data-bulk-count]").textContent = `${number} selected`;
});
