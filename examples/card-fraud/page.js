// The desk: payments as they come, stopped ones to be judged, and what the monitor says.

import { at, element, get, listen, post } from "./tools.js";

const MOST_ROWS = 14;
const MOST_STOPPED = 4;

function cell(row, text, className) {
  const td = element("td", text, className);
  row.append(td);
  return td;
}

function showPayment(payment) {
  const row = at("rows").insertRow(0);
  cell(row, payment.amount.toFixed(2), "number");
  cell(row, payment.shop);
  cell(row, payment.entry);
  cell(row, payment.km_from_home === null ? "not known" : payment.km_from_home.toFixed(0), "number");
  cell(row, `${(payment.risk * 100).toFixed(1)} %`, "number");
  cell(row, payment.stopped ? "stopped" : "went through", payment.stopped ? "bad" : "");
  const judged = cell(row, "");
  // Stopped payments stay longer, so that somebody can judge them.
  if (payment.stopped) {
    for (const outcome of ["fraud", "genuine"]) {
      const button = element("button", outcome, "small");
      button.ariaLabel = `Payment of ${payment.amount.toFixed(2)} was ${outcome}`;
      button.addEventListener("click", () => post("judge", { id: payment.id, outcome }).then(() => (judged.textContent = outcome), (e) => (judged.textContent = e.message)));
      judged.append(button, " ");
    }
    row.dataset.stopped = "";
  }
  const stopped = [...at("rows").querySelectorAll("[data-stopped]")];
  if (stopped.length > MOST_STOPPED) stopped.at(-1).remove();
  const rows = [...at("rows").rows];
  if (rows.length > MOST_ROWS) rows.findLast((r) => r.dataset.stopped === undefined).remove();
}

function showFigures(f) {
  at("payments").textContent = f.payments;
  at("stopped").textContent = f.stopped;
  at("labels").textContent = f.labels;
  at("p99").textContent = f.p99 === null ? "-" : `${f.p99.toFixed(1)} ms`;
  at("accuracy").textContent = f.accuracy === null ? "no labels yet" : `${(f.accuracy * 100).toFixed(1)} %`;
  const state = at("state");
  const text = f.state + (f.drifting.length > 0 ? `: ${f.drifting.join(", ")}` : "");
  if (state.textContent !== text) state.textContent = text; // said once by a screen reader
  state.className = f.state === "ok" ? "good" : f.drifting.length > 0 ? "bad" : "";
}

function showDrift(on) {
  at("drift").ariaPressed = String(on);
}

at("drift").addEventListener("click", async () => showDrift((await post("drift", { on: at("drift").ariaPressed !== "true" })).drift));
showDrift((await get("state")).drift);
listen(({ payment, figures }) => {
  if (payment) showPayment(payment);
  if (figures) showFigures(figures);
});
