// A list does not jump when something happens. What it would show now is fetched and compared with what it shows: changed
// rows are put right where they are, and for all else a line above it offers to show it.
const FIRST = 250, PAUSE = 2000;
const looking = new WeakMap();

document.addEventListener("tocsin:stale", (event) => {
  const element = event.target;
  if (element.dataset.liveMode !== "notice") return offer(element, "Changed"); // somebody types in it
  if (looking.has(element)) return looking.set(element, true);
  looking.set(element, false);
  setTimeout(look, FIRST, element);
});

async function look(element) {
  looking.set(element, false);
  let text = "Changed"; // also when nobody can say what; whoever wants to see it learns the reason
  try {
    const answer = await fetch(element.getAttribute("hx-get"), { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = answer.ok && !answer.redirected && page.querySelector(element.getAttribute("hx-select"));
    if (part && element.isConnected) text = compare(element, part);
  } catch {
    // The banner says that Tocsin cannot be reached.
  }
  if (element.isConnected) offer(element, text);
  setTimeout(() => {
    const again = looking.get(element);
    looking.delete(element);
    if (again && element.isConnected) element.dispatchEvent(new CustomEvent("tocsin:stale", { bubbles: true }));
  }, PAUSE);
}

function compare(here, there) {
  const old = rows(here), now = rows(there);
  const keys = [...now.keys()];
  // Where there are more pages, rows below all known ones have only moved up from the next.
  const known = there.querySelector("[rel=next]") ? keys.findLastIndex((key) => old.has(key)) : -1;
  const fresh = keys.filter((key, place) => !old.has(key) && (known < 0 || place < known));
  if (fresh.length) return `${fresh.length} new`;
  if (keys.join() !== [...old.keys()].join() || words(here, true) !== words(there, true)) return "Changed";
  return keys.map((key) => update(old.get(key), now.get(key))).every(Boolean) ? "" : "Changed";
}

function rows(part) {
  const links = [...part.querySelectorAll("tr .row-link")];
  return new Map(links.map((link) => [link.getAttribute("href"), link.closest("tr")]));
}

// What a part says, without what runs by itself.
function words(part, apart = false) {
  const copy = part.cloneNode(true);
  for (const time of copy.querySelectorAll("time")) time.textContent = time.dateTime;
  for (const other of copy.querySelectorAll(".chart-canvas, .chart-readout, [data-fragment]")) other.remove();
  if (apart) for (const row of rows(copy).values()) row.remove();
  return copy.textContent.replace(/\s+/g, " ");
}

// A row with the keyboard's focus keeps it; one in which something is ticked or being pressed stays.
function update(row, fresh) {
  if (words(row) === words(fresh)) return true;
  const focus = row.contains(document.activeElement) ? document.activeElement : null;
  if (row.querySelector(":checked") || (focus && !focus.matches(".row-link"))) return false;
  fresh.classList.toggle("row-here", row.classList.contains("row-here"));
  row.replaceWith(fresh);
  window.htmx.process(fresh);
  if (focus) fresh.querySelector(".row-link").focus({ preventScroll: true });
  return true;
}

function offer(element, text) {
  let line = element.previousElementSibling;
  if (!line?.classList.contains("live-notice")) line = null;
  if (!text) return line?.remove();
  line ??= lineAbove(element);
  const said = `${text}. Show`;
  if (line.firstChild.textContent !== said) line.firstChild.textContent = said;
}

function lineAbove(element) {
  const line = document.createElement("div");
  line.className = "live-notice";
  line.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.addEventListener("click", () => {
    line.remove();
    window.htmx.trigger(element.isConnected ? element : document.getElementById(element.id), "live");
  });
  line.append(button);
  element.before(line);
  return line;
}
