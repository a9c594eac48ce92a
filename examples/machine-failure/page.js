// The control room: each pump's vibration and temperature, what is said of it, and the alarms.

import { at, element, get, listen, post } from "./tools.js";

const state = await get("state");
const SVG = "http://www.w3.org/2000/svg";
const SHOWN = 80;
const WIDTH = 100;
const HEIGHT = 40;

function makePump(machine) {
  const box = element("section", "", "card");
  const title = element("h2", machine);
  title.id = machine;
  box.setAttribute("aria-labelledby", machine);
  const says = element("span", "well", "good");
  const head = element("div", "", "row");
  head.append(title, says);
  const chart = document.createElementNS(SVG, "svg");
  chart.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  chart.setAttribute("preserveAspectRatio", "none");
  chart.setAttribute("aria-hidden", "true"); // the numbers below say it
  const line = document.createElementNS(SVG, "polyline");
  chart.append(line);
  const numbers = element("p", "", "dim");
  const label = element("label", "Damage: ", "dim");
  const select = document.createElement("select");
  for (const fault of state.faults) select.add(new Option(fault, fault));
  select.addEventListener("change", () => post("fault", { machine, fault: select.value }).catch((e) => (numbers.textContent = e.message)));
  label.append(select);
  box.append(head, chart, numbers, label);
  at("pumps").append(box);
  const values = [];
  return {
    read(reading) {
      values.push(reading.vibration ?? 0);
      if (values.length > SHOWN) values.shift();
      line.setAttribute("points", values.map((v, i) => `${(i * WIDTH) / (SHOWN - 1)},${HEIGHT - Math.min(v / 8, 1) * HEIGHT}`).join(" "));
      numbers.textContent = `vibration ${reading.vibration?.toFixed(1)} mm/s, ${reading.temperature?.toFixed(0)} °C, ${reading.pressure?.toFixed(1)} bar, ${reading.current?.toFixed(1)} A`;
    },
    alarm({ state: now, failure }) {
      box.classList.toggle("alarmed", now === "begins");
      says.textContent = now === "begins" ? failure : "well";
      says.className = now === "begins" ? "bad" : "good";
    },
  };
}

const pumps = new Map(state.pumps.map((machine) => [machine, makePump(machine)]));

function tellAlarm(alarm) {
  const time = new Date(alarm.at).toLocaleTimeString();
  at("alarms").prepend(element("li", `${time} ${alarm.machine}: ${alarm.failure} ${alarm.state}`));
  pumps.get(alarm.machine)?.alarm(alarm);
}

function tellWatch(models) {
  const text = models.map((m) => `${m.model} ${m.state}${m.drifting.length > 0 ? ` (${m.drifting.join(", ")})` : ""}`).join("; ");
  if (text !== "" && at("watch").textContent !== text) at("watch").textContent = text; // said once by a screen reader
}

at("over").textContent = state.over;
at("drift").ariaPressed = String(state.drift);
at("drift").addEventListener("click", async () => (at("drift").ariaPressed = String((await post("drift", { on: at("drift").ariaPressed !== "true" })).drift)));
state.alarms.toReversed().forEach(tellAlarm);
listen(({ readings, alarm, watch }) => {
  for (const reading of readings ?? []) pumps.get(reading.machine)?.read(reading);
  if (alarm) tellAlarm(alarm);
  if (watch) tellWatch(watch);
});
