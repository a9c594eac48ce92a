// Answers as pictures: big labels, bars, tables.

import { drawOver } from "./draw-picture.js";

export function element(name, text, className) {
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

const LISTED = 40;
function shapeOf(value) {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}
/** The first numbers of a list, however deep it is. */
function listed(value) {
  const first = [];
  let more = 0;
  const walk = (v) => {
    if (Array.isArray(v)) v.forEach(walk);
    else if (first.length < LISTED) first.push(figure(v));
    else more++;
  };
  walk(value);
  return first.join(", ") + (more > 0 ? `, ... ${more} more` : "");
}

/** A row's outputs; `picture`: what it was asked of, a file or anything that a canvas takes. */
export async function drawRow(row, picture) {
  const shown = picture === undefined ? [] : await drawOver(row, picture);
  return [...shown, ...Object.entries(row).filter(([name, value]) => shown.length === 0 || !((name === "detections" && Array.isArray(value)) || (name === "mask" && Array.isArray(value?.segments)))).map(([name, value]) => drawOutput(name, value))];
}

function drawOutput(name, value) {
  const box = element("div", undefined, "output");
  box.append(element("h3", name.replaceAll("_", " ")));
  const probability = name.startsWith("probabilities");
  if (Array.isArray(value)) {
    if (typeof value[0] === "object" && value[0] !== null && !Array.isArray(value[0])) box.append(drawRows(value));
    else if (value.length === 0) box.append(element("p", "none", "figure"));
    else if (Array.isArray(value[0])) box.append(element("p", `${shapeOf(value).join(" × ")} numbers`, "hint"), element("p", listed(value), "figure"));
    else if (probability) box.append(bars(value.map((v, i) => [String(i), v]), true));
    else box.append(element("p", listed(value), name === "label" || name === "value" ? "big" : "figure"));
  } else if (typeof value === "object" && value !== null) box.append(bars(Object.entries(value), probability));
  else box.append(element("p", figure(value), name === "label" || name === "value" ? "big" : "figure"));
  return box;
}

export function drawRows(rows) {
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
