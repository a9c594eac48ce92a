// The try-it page's script: reads the form, asks the model, draws the answer. No framework, nothing from elsewhere.
"use strict";

const main = document.querySelector("main");
const form = document.querySelector("form");
const answer = document.getElementById("answer");
const failure = document.getElementById("failure");
const call = document.getElementById("call");
const paste = document.getElementById("paste");
const layout = main.dataset.layout;
const fields = [...form.querySelectorAll("[data-type]:not([data-other])")];

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

/** The request: {body, type}. */
function readForm() {
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

function element(name, text, className) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function figure(value) {
  if (value === null) return "(no number)";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}
function percent(p) {
  if (typeof p !== "number") return "(no number)";
  const n = p * 100;
  return `${n > 0 && n < 0.1 ? "<0.1" : n < 100 && n > 99.9 ? ">99.9" : n.toFixed(1)} %`;
}

const SHOWN = 12;

/** Names and numbers as bars from zero: probabilities on 0 to 1, other numbers between their own ends. */
function bars(entries, probability) {
  const sorted = [...entries].sort((a, b) => (b[1] ?? -Infinity) - (a[1] ?? -Infinity));
  const values = sorted.map(([, v]) => v ?? 0);
  const low = probability ? 0 : Math.min(0, ...values);
  const high = probability ? 1 : Math.max(0, ...values);
  const at = (v) => (high === low ? 0 : ((v - low) / (high - low)) * 100);
  const list = element("dl", undefined, "bars");
  sorted.slice(0, SHOWN).forEach(([name, value], i) => {
    const track = element("div", undefined, "track");
    const fill = element("div", undefined, value < 0 ? "fill below" : "fill");
    fill.style.marginLeft = `${at(Math.min(0, value ?? 0))}%`;
    fill.style.width = `${Math.abs(at(value ?? 0) - at(0))}%`;
    track.setAttribute("aria-hidden", "true");
    if (value) track.append(fill);
    list.append(element("dt", name, i === 0 ? "top" : ""), track, element("dd", probability ? percent(value) : figure(value)));
  });
  const box = document.createDocumentFragment();
  box.append(list);
  if (sorted.length > SHOWN) box.append(element("p", `and ${sorted.length - SHOWN} more`, "hint"));
  return box;
}

function drawOutput(name, value) {
  const box = element("div", undefined, "output");
  box.append(element("h3", name.replaceAll("_", " ")));
  const probability = name.startsWith("probabilities");
  if (Array.isArray(value)) {
    if (probability) box.append(bars(value.map((v, i) => [String(i), v]), true));
    else box.append(element("p", value.slice(0, 40).map(figure).join(", ") + (value.length > 40 ? `, ... ${value.length - 40} more` : ""), name === "label" || name === "value" ? "big" : "figure"));
  } else if (typeof value === "object" && value !== null) box.append(bars(Object.entries(value), probability));
  else box.append(element("p", figure(value), name === "label" || name === "value" ? "big" : "figure"));
  return box;
}

function drawRows(rows) {
  const box = element("div", undefined, "scroll");
  const table = document.createElement("table");
  const flat = rows.slice(0, 200).map((row) => Object.fromEntries(Object.entries(row).flatMap(([name, value]) =>
    value !== null && typeof value === "object" ? Object.entries(value).slice(0, 12).map(([k, v]) => [`${name} ${k}`, figure(v)]) : [[name, figure(value)]])));
  const names = [...new Set(flat.flatMap(Object.keys))];
  const head = table.createTHead().insertRow();
  for (const name of ["row", ...names]) {
    const th = element("th", name);
    th.scope = "col";
    head.append(th);
  }
  const body = table.createTBody();
  flat.forEach((row, i) => {
    const tr = body.insertRow();
    for (const text of [String(i), ...names.map((n) => row[n] ?? "")]) tr.insertCell().textContent = text;
  });
  box.append(table);
  if (rows.length > 200) box.append(element("p", `${rows.length} rows; the first 200 are shown`, "hint"));
  return box;
}

function shellQuote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
function curlLine({ body, type }) {
  const url = location.origin + main.dataset.url;
  const data = body.length > 4000 ? `@rows.${type === "text/csv" ? "csv" : "json"}` : shellQuote(body);
  return `curl -s ${shellQuote(url)} -H 'content-type: ${type}' --data-binary ${data}`;
}

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
    const response = await fetch(main.dataset.url, { method: "POST", headers: { "content-type": request.type }, body: request.body });
    const result = await response.json();
    document.getElementById("curl").textContent = curlLine(request);
    document.getElementById("raw").textContent = JSON.stringify(result, null, 2);
    call.hidden = false;
    if (!response.ok) return showFailure(result.error);
    const rows = result.predictions;
    if (rows.length === 1) answer.replaceChildren(...Object.entries(rows[0]).map(([name, value]) => drawOutput(name, value)));
    else answer.replaceChildren(drawRows(rows));
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

form.addEventListener("change", (event) => {
  if (!fields.includes(event.target)) return;
  showOther(event.target);
  if (event.target.value === OTHER) otherOf(event.target)?.focus();
});

document.getElementById("copy").addEventListener("click", async (event) => {
  const code = document.getElementById("curl");
  try {
    await navigator.clipboard.writeText(code.textContent);
    event.target.textContent = "Copied";
    setTimeout(() => (event.target.textContent = "Copy"), 1500);
  } catch {
    getSelection().selectAllChildren(code);
  }
});
