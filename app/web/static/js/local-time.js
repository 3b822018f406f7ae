/* Moments in the viewer's own zone and language; the UTC text stays as the tooltip. Fragments that htmx brings are done too. */

const FORMS = {
  full: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

export function writeLocal(iso, form, language = navigator.language) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return null;
  return new Intl.DateTimeFormat(language, FORMS[form] ?? FORMS.full).format(at);
}

function showLocalTimes(within) {
  for (const element of within.querySelectorAll("time[data-local-time]")) {
    const text = writeLocal(element.dateTime, element.dataset.localTime);
    if (text === null || element.title) continue;
    element.title = element.textContent.trim();
    element.textContent = text;
  }
}

showLocalTimes(document);
document.addEventListener("htmx:after:swap", () => showLocalTimes(document));
