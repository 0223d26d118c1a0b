// Runs before the first paint, so that a chosen theme never flashes.
try {
  const chosen = localStorage.getItem("tocsin-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden; the system's theme is right then.
}
document.documentElement.classList.add("scripted");

document.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  const buttons = document.querySelectorAll("[data-theme-switch] button");

  function show() {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? "system")));
  }

  function choose(value) {
    if (value === "system") delete root.dataset.theme;
    else root.dataset.theme = value;
    try {
      localStorage.setItem("tocsin-theme", value);
    } catch {
      // Then the choice lasts for this page only.
    }
    show();
    document.dispatchEvent(new CustomEvent("tocsin:theme"));
  }

  for (const button of buttons) button.addEventListener("click", () => choose(button.value));
  for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
  show();
});
