// Keeps ages and running clocks true. Dates and hours come in the reader's zone already; only for somebody who has chosen
// none, the browser's is taken. UTC stays in the title.
const told = Boolean(document.documentElement.dataset.timezone);
const date = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

const two = (number) => String(number).padStart(2, "0");

function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60), hours = Math.floor(seconds / 3600);
  if (minutes < 60) return `${minutes} min`;
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function distance(seconds) {
  const size = Math.abs(seconds);
  if (size < 30) return "just now";
  const days = Math.round(size / 86400);
  let words = `${days} ${days === 1 ? "day" : "days"}`;
  if (size < 3600) words = `${Math.max(1, Math.round(size / 60))} min`;
  else if (size < 86400) words = `${Math.round(size / 3600)} h`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

const shown = {
  ago: (then, seconds) => distance(seconds),
  moment: (then) => !told && date.format(then),
  clock: (then) => !told && hour.format(then),
  elapsed: (then, seconds) => duration(Math.max(0, seconds)),
  countdown: (then, seconds) => (seconds > 0 ? `${duration(seconds)} late` : `in ${duration(-seconds)}`),
};

function refresh() {
  for (const element of document.querySelectorAll("time[data-local], time[data-clock]")) {
    const then = new Date(element.dateTime);
    const style = element.dataset.clock ?? element.dataset.local;
    const seconds = Math.round((Date.now() - then) / 1000);
    const words = shown[style]?.(then, seconds);
    if (words && words !== element.textContent) element.textContent = words;
    if (style === "countdown") element.classList.toggle("clock-late", seconds > 0);
  }
}

refresh();
setInterval(refresh, 1000);
document.addEventListener("htmx:after:swap", refresh);
