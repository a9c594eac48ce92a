// The form: reads it, asks the model, shows the answer. Everything here is of the page that is shown now.

import { drawRow, drawRows, element } from "./draw.js";

let main, form, answer, failure, call, paste, layout, fields;

/** A select's way out to a value that is not in its list. */
const OTHER = "other";
const otherOf = (select) => document.getElementById(`${select.id}-other`);
function showOther(select) {
  const other = otherOf(select);
  if (other) other.hidden = select.value !== OTHER;
}

/** A field's value as JSON: empty is missing. */
function valueOf(field) {
  const text = field.value;
  if (field.dataset.type === "raw") return text;
  if (text === OTHER) return valueOf(otherOf(field));
  if (text === "") {
    // A number field holds no text while what was typed is no number.
    if (field.validity && field.validity.badInput) throw { field, message: "this is not a number" };
    return null;
  }
  if (field.dataset.type === "json") return JSON.parse(text);
  return field.dataset.type === "number" ? Number(text) : text;
}

/** The request: {body, type}, and of a file its name. */
function readForm() {
  const file = form.querySelector("[data-file]")?.files[0];
  if (file !== undefined) return { body: file, type: file.type, name: file.name };
  const pasted = paste ? paste.value.trim() : "";
  if (pasted !== "") {
    if (layout === "matrix") {
      const rows = pasted.split(/\r?\n/).filter((l) => l.trim() !== "").map((line) => line.trim().replace(/^\[|\]$/g, "").split(/[\s,;]+/).filter((v) => v !== "").map((v) => (/^(nan|null|na)$/i.test(v) ? null : Number.isNaN(Number(v)) ? v : Number(v))));
      return { body: JSON.stringify(rows), type: "application/json" };
    }
    return /^[[{]/.test(pasted) ? { body: pasted, type: "application/json" } : { body: pasted + "\n", type: "text/csv" };
  }
  if (layout === "tensors") return { body: fields[0].value, type: "application/json" };
  if (layout === "text") return { body: JSON.stringify([valueOf(fields[0])]), type: "application/json" };
  if (layout === "matrix") return { body: JSON.stringify([fields.map(valueOf)]), type: "application/json" };
  return { body: JSON.stringify(Object.fromEntries(fields.map((f) => [f.name, valueOf(f)]))), type: "application/json" };
}

function clearProblems() {
  failure.hidden = true;
  failure.replaceChildren();
  for (const p of form.querySelectorAll(".problem[id]")) p.hidden = true;
  for (const f of fields) f.removeAttribute("aria-invalid");
}

function markField(column, message) {
  const field = fields.find((f) => f.closest("[data-column]")?.dataset.column === column);
  const note = field && document.getElementById(`${field.id}-problem`);
  if (!note) return undefined;
  note.textContent = message;
  note.hidden = false;
  field.setAttribute("aria-invalid", "true");
  return field;
}

function showFailure(error) {
  answer.replaceChildren();
  const problems = (error.data && error.data.problems) || [];
  const pasted = paste && paste.value.trim() !== "";
  let first;
  let unplaced = problems.length === 0;
  for (const p of problems) {
    const field = pasted || p.column === null ? undefined : markField(p.column, `expected ${p.expected}, found ${p.found}`);
    if (field) first ??= field;
    else unplaced = true;
  }
  const marked = form.querySelectorAll("[aria-invalid]").length;
  failure.append(element("p", unplaced ? error.message : `${marked === 1 ? "One field needs" : `${marked} fields need`} another value.`));
  if (unplaced && error.hint && !/data\.example/.test(error.hint)) failure.append(element("p", error.hint, "fix"));
  failure.hidden = false;
  if (first) first.focus();
}

function shellQuote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
/** A key is never written down: the line takes it from the environment. */
function curlLine({ body, type, name }, keyed) {
  const url = location.origin + main.dataset.url;
  const data = name !== undefined ? shellQuote(`@${name}`) : body.length > 4000 ? `@rows.${type === "text/csv" ? "csv" : "json"}` : shellQuote(body);
  const who = keyed ? ' -H "authorization: Bearer $SLIPWAY_API_KEY"' : "";
  return `curl -s ${shellQuote(url)}${who} -H 'content-type: ${type}' --data-binary ${data}`;
}

/**
 * Binds the page's form. `send({body, type})` gives `{status, result}`, the server's answer or what is like one;
 * `keyed()`: whether it is sent with a key; `refused(message)`: the service asks for a key, or another one.
 */
export function startForm({ send, keyed = () => false, refused }) {
  main = document.querySelector("main");
  form = document.getElementById("ask");
  answer = document.getElementById("answer");
  failure = document.getElementById("failure");
  call = document.getElementById("call");
  paste = document.getElementById("paste");
  layout = main.dataset.layout;
  fields = [...form.querySelectorAll("[data-type]:not([data-other])")];

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblems();
    let request;
    try {
      request = readForm();
    } catch (problem) {
      if (!problem.field) throw problem;
      answer.replaceChildren();
      call.hidden = true;
      markField(problem.field.closest("[data-column]").dataset.column, problem.message);
      failure.append(element("p", "One field needs another value."));
      failure.hidden = false;
      problem.field.focus();
      return;
    }
    const button = form.querySelector(".primary");
    button.disabled = true;
    try {
      const { status, result } = await send(request);
      if (status === 401) {
        answer.replaceChildren();
        call.hidden = true;
        return refused(result.error.message);
      }
      const curl = document.getElementById("curl");
      if (curl) curl.textContent = curlLine(request, keyed());
      document.getElementById("raw").textContent = JSON.stringify(result, null, 2);
      call.hidden = false;
      if (status !== 200) return showFailure(result.error);
      const rows = result.predictions;
      if (rows.length === 1) answer.replaceChildren(...(await drawRow(rows[0], request.body instanceof Blob ? request.body : undefined)));
      else answer.replaceChildren(drawRows(rows));
      if (main.dataset.versions !== "1") answer.append(element("p", `Answered by version ${result.model.version}.`, "hint"));
    } catch {
      showFailure({ message: "The server did not answer.", hint: "Is it still running?" });
    } finally {
      button.disabled = false;
    }
  });

  form.addEventListener("reset", () => {
    clearProblems();
    call.hidden = true;
    for (const other of form.querySelectorAll("[data-other]")) other.hidden = true;
    answer.replaceChildren(element("p", "Fill in the form, or press Example, then Predict.", "empty"));
  });

  document.getElementById("example").addEventListener("click", () => {
    clearProblems();
    if (paste) paste.value = "";
    for (const field of fields) {
      const value = JSON.parse(field.dataset.example);
      field.value = value === null ? "" : field.dataset.type === "json" ? JSON.stringify(value) : String(value);
      showOther(field);
    }
  });

  // A file is its own question.
  form.querySelector("[data-file]")?.addEventListener("change", () => form.requestSubmit());

  form.addEventListener("change", (event) => {
    if (!fields.includes(event.target)) return;
    showOther(event.target);
    if (event.target.value === OTHER) otherOf(event.target)?.focus();
  });

  document.getElementById("copy")?.addEventListener("click", async (event) => {
    const code = document.getElementById("curl");
    try {
      await navigator.clipboard.writeText(code.textContent);
      event.target.textContent = "Copied";
      setTimeout(() => (event.target.textContent = "Copy"), 1500);
    } catch {
      getSelection().selectAllChildren(code);
    }
  });
}
