// Short messages at the edge: from the server (HX-Trigger: {"toast": …}), from other modules, or in the page at load.
const place = document.getElementById("toasts");
const template = document.getElementById("toast-template");
const STAY = 6000;

function add({ text, tone = "green" }) {
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.classList.remove("tone-green");
  toast.classList.add(`tone-${tone}`);
  toast.querySelector(".toast-text").textContent = text;
  place.append(toast);
  prepare(toast);
}

// What went wrong stays until it is dismissed; the rest goes, unless somebody is about to press Undo.
function prepare(toast) {
  const leave = () => {
    if (toast.matches(":hover, :focus-within")) setTimeout(leave, STAY);
    else toast.remove();
  };
  toast.querySelector("[data-toast-close]").addEventListener("click", () => toast.remove());
  if (!toast.classList.contains("tone-red")) setTimeout(leave, STAY);
}

document.addEventListener("toast", (event) => add(event.detail));
for (const toast of place.querySelectorAll("[data-toast]")) prepare(toast);
