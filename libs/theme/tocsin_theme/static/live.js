// One EventSource a page, and what happens when a part of the page cannot be had.
const stream = document.querySelector("main[data-stream]")?.dataset.stream;
const banner = document.getElementById("offline");
const FIRST_DELAY = 1000, LONGEST_DELAY = 30000, GRACE = 3000, COALESCE = 250, SPREAD = 5000, RECENT_WITHIN = 1000;

let source = null, heard = new Set(), delay = FIRST_DELAY, missed = false, again = 0, warning = 0, recent = 0;

function names() {
  return new Set([...document.querySelectorAll("[data-live]")].flatMap((element) => element.dataset.live.split(/\s+/)));
}

function listen() {
  if (!source) return;
  for (const name of names()) {
    if (!name || heard.has(name)) continue;
    heard.add(name);
    source.addEventListener(name, () => arrived(name));
  }
}

function connect() {
  clearTimeout(again);
  disconnect();
  source = new EventSource(stream);
  source.addEventListener("tocsin:recent", (event) => opened(JSON.parse(event.data)));
  source.addEventListener("tocsin:missed", () => setTimeout(missedSome, Math.random() * SPREAD));
  listen();
  source.onopen = () => {
    delay = FIRST_DELAY;
    clearTimeout(warning);
    warning = 0;
    banner.hidden = true;
    clearTimeout(recent);
    recent = setTimeout(opened, RECENT_WITHIN, { back: 0, heard: {} }); // a replica of the last release tells nothing
  };
  source.onerror = () => {
    disconnect();
    missed = true;
    warning ||= setTimeout(() => (banner.hidden = false), GRACE);
    again = setTimeout(connect, delay * (0.5 + Math.random()));
    delay = Math.min(delay * 2, LONGEST_DELAY);
  };
}

// What was heard after the page was asked for (behind all redirects) and before its stream was open was told to nobody.
function opened({ back, heard: names }) {
  clearTimeout(recent);
  const age = performance.now() - (performance.getEntriesByType("navigation")[0]?.requestStart ?? 0);
  if (missed || age > back) catchUp();
  else for (const [name, ago] of Object.entries(names)) if (ago < age) arrived(name);
  missed = false;
}

function disconnect() {
  clearTimeout(recent);
  source?.close();
  source = null;
  heard = new Set();
}

function arrived(name) {
  changed(document.querySelectorAll(`[data-live~="${CSS.escape(name)}"]`));
}

// The replica itself had a gap, as had all others: not every page of everybody asks at the same moment.
function missedSome() {
  changed(document.querySelectorAll("[data-live]"));
}

function changed(elements) {
  for (const element of elements) {
    if (element.dataset.liveMode === "notice" || isBeingEdited(element)) isStale(element);
    else refreshSoon(element);
  }
}

// After a gap nobody knows what was missed, so everything is asked for again.
function catchUp() {
  for (const line of document.querySelectorAll(".live-notice")) line.remove();
  for (const element of document.querySelectorAll("[data-live]")) {
    if (isBeingEdited(element)) isStale(element);
    else refreshSoon(element);
  }
}

// A part in which somebody types or has ticked rows is never replaced under their hands.
function isBeingEdited(element) {
  const focus = document.activeElement;
  const typing = element.contains(focus) && focus.matches("input, textarea, select");
  return typing || element.querySelector("tbody input[type=checkbox]:checked") !== null;
}

// news.js looks what has changed.
function isStale(element) {
  element.dispatchEvent(new CustomEvent("tocsin:stale", { bubbles: true }));
}

const waiting = new WeakMap();
function refreshSoon(element) {
  clearTimeout(waiting.get(element));
  waiting.set(element, setTimeout(() => window.htmx.trigger(element, "live"), COALESCE));
}

const reasons = { 401: "You are logged out.", 403: "You may not see this.", 404: "There is nothing here." };

function failed(context) {
  const element = context?.sourceElement;
  const status = context?.response?.status ?? 0;
  if (!element) return;
  if (element.dataset.fragmentQuiet !== undefined) return;
  if (element.dataset.fragment === undefined) return sorry(context, status);
  const down = document.createElement("p");
  down.className = "fragment-down";
  down.append(status in reasons ? reasons[status] : `${element.dataset.fragment} is not answering. The rest of this page works. `);
  if (!(status in reasons)) down.append(retryButton(element));
  element.querySelector(".fragment-down")?.remove();
  if (element.querySelector(".skeleton")) element.replaceChildren();
  element.classList.toggle("fragment-stale", element.childElementCount > 0);
  element.append(down);
}

function retryButton(element) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fragment-retry";
  button.textContent = "Try again";
  button.addEventListener("click", () => window.htmx.trigger(element, "live"));
  return button;
}

async function sorry(context, status) {
  let text = reasons[status] ?? (status ? "That did not work. Nothing was changed. Try again." : "Tocsin cannot be reached. Try again.");
  if (context.response?.headers.get("content-type")?.startsWith("application/problem+json")) {
    text = JSON.parse(context.text).detail ?? text;
  }
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "red" } }));
}

document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail.ctx.response.status;
  if (status >= 500 || status in reasons) failed(event.detail.ctx);
});
document.addEventListener("htmx:error", (event) => failed(event.detail.ctx));
document.addEventListener("htmx:before:swap", (event) => {
  const answer = event.detail.ctx?.response?.raw;
  if (answer?.redirected && new URL(answer.url).pathname === "/login") {
    event.preventDefault();
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
});
document.addEventListener("htmx:after:swap", (event) => {
  event.detail.ctx?.sourceElement?.classList.remove("fragment-stale");
  listen();
});

if (stream) {
  connect();
  // A hidden tab gives its connection back: browsers allow six to one origin.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return connect();
    clearTimeout(again);
    disconnect();
    missed = true;
  });
  addEventListener("online", connect);
}
