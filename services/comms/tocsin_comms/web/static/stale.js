// Says so when the page is out of date: no fresh rendering for five minutes, whether the page or the reader stood still.
const LIMIT = 5 * 60_000;
const EVERY = 30_000;
const shown = document.getElementById("updated");
const notice = document.getElementById("stale");

async function look() {
  try {
    const answer = await fetch("/status/heartbeat.json", { cache: "no-store" });
    const beat = await answer.json();
    const now = Date.parse(answer.headers.get("date")) || Date.now(); // the reader's clock may be wrong
    if (String(beat.revision) !== shown.dataset.revision && document.visibilityState === "visible") location.reload();
    tell(now - Date.parse(beat.updated_at));
  } catch {
    tell(Date.now() - Date.parse(shown.dataset.updatedAt));
  }
}

function tell(age) {
  notice.hidden = age < LIMIT;
  if (notice.hidden) return;
  const text = `Stale: this page was last updated ${Math.floor(age / 60_000)} minutes ago and may no longer be right.`;
  if (notice.textContent !== text) notice.textContent = text;
}

if (shown && notice) {
  look();
  setInterval(look, EVERY);
}
