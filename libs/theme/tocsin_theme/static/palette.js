// Ctrl-K: jump to a page, open an incident by its number, or do any action that the page offers.
const palette = document.getElementById("palette");
const input = palette.querySelector("input");
const list = palette.querySelector("ul");
const nothing = palette.querySelector(".palette-none");
const RECENT = "tocsin-recent";
let found = [], chosen = 0, opener = null;

function offers() {
  const actions = [...document.querySelectorAll("[data-action]")]
    .filter((element) => element.checkVisibility?.() ?? true)
    .map((element) => ({ kind: "Do", words: element.dataset.action, icon: "zap", key: element.dataset.actionKey, run: () => element.click() }));
  const pages = [...document.querySelectorAll(".rail-list > li:not(.rail-more) > a")].map((link) => ({
    kind: "Go to", words: link.textContent.trim(), icon: "arrow-right", run: () => location.assign(link.href),
  }));
  const declare = { kind: "Do", words: "Declare an incident", icon: "siren", key: "c", run: () => location.assign("/incidents/new") };
  const known = actions.some((action) => action.key === "c") ? [] : [declare];
  return [...actions, ...known, ...pages, ...recent()];
}

function recent() {
  return remembered()
    .filter((page) => page.path !== location.pathname)
    .map((page) => ({ kind: "Recent", words: page.title, icon: "history", run: () => location.assign(page.path) }));
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(RECENT) ?? "[]");
  } catch {
    return [];
  }
}

function remember() {
  const title = document.title.replace(/ · Tocsin$/, "");
  const kept = remembered().filter((page) => page.path !== location.pathname).slice(0, 5);
  try {
    sessionStorage.setItem(RECENT, JSON.stringify([{ title, path: location.pathname }, ...kept]));
  } catch {
    // Without storage there is no list of recent pages; everything else works.
  }
}

// Every typed letter in order, with a better rank the earlier and closer together they stand.
function rank(words, typed) {
  let at = -1, cost = 0;
  for (const letter of typed) {
    const next = words.indexOf(letter, at + 1);
    if (next < 0) return Infinity;
    cost += next - at - 1;
    at = next;
  }
  return cost;
}

function search() {
  const typed = input.value.trim().toLowerCase();
  found = offers().map((offer) => ({ ...offer, cost: rank(offer.words.toLowerCase(), typed) })).filter((offer) => offer.cost < Infinity);
  if (typed) found.sort((one, other) => one.cost - other.cost);
  const number = typed.match(/^(?:inc-|#)?(\d+)$/)?.[1];
  if (number) found.unshift({ kind: "Go to", words: `INC-${number}`, icon: "siren", run: () => location.assign(`/incidents/INC-${number}`) });
  chosen = 0;
  draw();
}

function draw() {
  list.replaceChildren(...found.map(item));
  nothing.hidden = found.length > 0;
  input.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function item(offer, index) {
  const row = document.createElement("li");
  row.id = `palette-${index}`;
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", String(index === chosen));
  const words = document.createElement("span");
  words.className = "palette-words";
  words.textContent = offer.words;
  const kind = document.createElement("span");
  kind.className = "palette-kind";
  kind.textContent = offer.kind;
  row.append(icon(offer.icon), words, kind);
  if (offer.key) {
    const key = document.createElement("kbd");
    key.className = "key";
    key.textContent = offer.key;
    row.append(key);
  }
  row.addEventListener("click", () => run(offer));
  row.addEventListener("pointermove", () => index !== chosen && choose(index));
  return row;
}

function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${palette.dataset.icons}#${name}`);
  drawing.append(use);
  return drawing;
}

function choose(index) {
  list.children[chosen]?.setAttribute("aria-selected", "false");
  chosen = (index + found.length) % found.length;
  list.children[chosen].setAttribute("aria-selected", "true");
  list.children[chosen].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", `palette-${chosen}`);
}

function run(offer) {
  palette.close();
  if (offer) offer.run();
  else location.assign(`/incidents?q=${encodeURIComponent(input.value.trim())}`);
}

function open() {
  opener = document.activeElement;
  input.value = "";
  palette.showModal();
  search();
}

const moves = { ArrowDown: 1, ArrowUp: -1 };
input.addEventListener("input", search);
input.addEventListener("keydown", (event) => {
  if (event.key in moves && found.length) choose(chosen + moves[event.key]);
  else if (event.key === "Enter") run(found[chosen]);
  else return;
  event.preventDefault();
});
palette.addEventListener("close", () => opener?.focus());
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  if (palette.open) palette.close();
  else open();
});
for (const button of document.querySelectorAll("[data-palette]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    open();
  });
}
if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-palette] .key")) key.textContent = "⌘ K";
}
remember();
