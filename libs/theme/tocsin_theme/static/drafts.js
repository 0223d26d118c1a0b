// What somebody types into a form with room for prose outlives a log-out, an expired log-in and an answer that failed:
// it is kept in this tab until the server has taken it. On pages outside the console (log-in, errors) nothing was taken.
const PREFIX = "tocsin-draft ";
const bare = document.body.classList.contains("bare");

function storage(act) {
  try {
    return act(sessionStorage);
  } catch {
    return null; // Storage may be forbidden or full; then there are no drafts.
  }
}

const keyOf = (form) => `${PREFIX}${location.pathname} ${form.getAttribute("action")}`;
const keeps = (form) => form?.method === "post" && form.querySelector("textarea") !== null;
const keys = () => storage((kept) => Object.keys(kept).filter((key) => key.startsWith(PREFIX))) ?? [];
const read = (key) => storage((kept) => JSON.parse(kept.getItem(key)));
const write = (key, draft) => storage((kept) => kept.setItem(key, JSON.stringify(draft)));
const drop = (key) => storage((kept) => kept.removeItem(key));

function fields(form) {
  return [...form.elements].filter((field) => field.name && field.matches("textarea, select, input:not([type=hidden], [type=password], [type=file])"));
}

const ticked = (field) => field.type === "checkbox" || field.type === "radio";

function changed(field) {
  if (ticked(field)) return field.checked !== field.defaultChecked;
  if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

function save(form, sent = false) {
  const all = fields(form);
  if (!all.some((field) => field.matches("textarea, [type=text]") && changed(field))) return drop(keyOf(form));
  write(keyOf(form), { sent, fields: all.map((field) => [field.name, field.value, field.checked ?? false]) });
}

function restore(form) {
  const draft = read(keyOf(form));
  if (!draft) return false;
  for (const field of fields(form)) {
    const kept = draft.fields.find(([name, value]) => name === field.name && (!ticked(field) || value === field.value));
    if (!kept) continue;
    if (ticked(field)) field.checked = kept[2];
    else field.value = kept[1];
  }
  return true;
}

const handled = new WeakSet();
function restoreAll() {
  const forms = [...document.forms].filter((form) => keeps(form) && !handled.has(form));
  for (const form of forms) handled.add(form);
  if (forms.map(restore).some(Boolean)) {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: "What you typed is here again. It was not sent.", tone: "blue" } }));
  }
}

function forget(key) {
  const draft = read(key);
  if (draft?.sent) drop(key);
}

function keep(key) {
  const draft = read(key);
  if (draft?.sent) write(key, { ...draft, sent: false });
}

// A page of the console after a form was sent is the answer to it, unless somebody went back to the form.
const wentBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
keys().forEach(bare || wentBack ? keep : forget);

if (!bare) {
  restoreAll();
  document.addEventListener("input", (event) => {
    if (keeps(event.target.form)) save(event.target.form);
  });
  document.addEventListener("submit", (event) => {
    if (new URL(event.target.action).pathname === "/logout") keys().forEach(drop);
    else if (keeps(event.target)) save(event.target, true);
  });
  document.addEventListener("htmx:after:swap", restoreAll);
  addEventListener("pageshow", (event) => {
    if (event.persisted) keys().forEach(keep);
  });
}
