/* Sends each chosen or dropped file on its own and shows how far it is. Without this script the form is sent as it is. */

const AT_ONCE = 2;

const form = document.querySelector("form[data-upload]");
if (form) start(form);

function start(form) {
  const input = form.querySelector('input[type="file"]');
  const drop = form.querySelector("[data-drop]");
  const panel = document.querySelector("[data-upload-list]");
  const list = panel.querySelector("ul");
  const queue = [];
  let running = 0;

  form.querySelector("[data-drop-hint]").hidden = false;
  suggestTimeZone(form);

  const add = (files) => {
    for (const file of files) {
      panel.hidden = false;
      queue.push({ file, line: addLine(list, file), facts: factsOf(form) });
    }
    pump();
  };
  const pump = () => {
    while (running < AT_ONCE && queue.length) {
      running += 1;
      send(form, queue.shift()).finally(() => { running -= 1; pump(); });
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!input.files.length) return input.focus();
    add([...input.files]);
    input.value = "";
  });
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  }
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); add([...event.dataTransfer.files]); });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
}

function suggestTimeZone(form) {
  const field = form.elements.time_zone;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (field && here) field.value = here;
}

function factsOf(form) {
  const facts = new FormData(form);
  facts.delete("files");
  return facts;
}

function addLine(list, file) {
  const line = document.createElement("li");
  const name = Object.assign(document.createElement("span"), { className: "upload-name", textContent: file.name });
  const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
  bar.setAttribute("aria-label", `${file.name} sent`);
  const note = Object.assign(document.createElement("span"), { textContent: "waits" });
  line.append(name, bar, note);
  list.prepend(line);
  return { name, bar, note };
}

function send(form, { file, line, facts }) {
  const limit = Number(form.dataset.maxBytes);
  if (file.size > limit) {
    fail(line, `larger than ${Math.floor(limit / 1e6)} MB`);
    return Promise.resolve();
  }
  facts.append("files", file, file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      line.bar.value = Math.round((100 * event.loaded) / event.total);
      line.note.textContent = event.loaded < event.total ? `${line.bar.value} % sent` : "is being stored";
    });
    request.addEventListener("load", () => { settle(line, request); resolve(); });
    request.addEventListener("error", () => { fail(line, "the server did not answer; send it again"); resolve(); });
    request.send(facts);
  });
}

function settle(line, request) {
  let answer = null;
  try { answer = JSON.parse(request.responseText); } catch { /* an error page */ }
  const result = answer?.files?.[0];
  const problem = result?.error?.message ?? (result ? null : answer?.message ?? `refused (${request.status})`);
  if (problem) return fail(line, problem);
  line.bar.value = 100;
  line.note.className = "is-done";
  const link = Object.assign(document.createElement("a"), { href: `/calls/${result.call_id}`, textContent: "open the call" });
  line.note.replaceChildren(result.is_new ? "Taken in, " : "Known already, ", link);
}

function fail(line, message) {
  line.bar.value = 0;
  line.note.className = "is-problem";
  line.note.textContent = message;
}
