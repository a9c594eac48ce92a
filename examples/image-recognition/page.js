// Draw a digit: the model answers in the page, with every stroke. Nothing is sent anywhere.

import { dotsOf } from "./dots.js";
import { loadModel } from "./slipway-edge.js";

const at = (id) => document.getElementById(id);
const canvas = at("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });
const SAMPLES = [[[60, 40, 180, 40], [180, 40, 100, 200]], [[130, 30, 130, 210]], [[70, 40, 60, 120], [60, 120, 180, 120], [160, 40, 150, 210]]];

navigator.serviceWorker?.register("service-worker.js");
const model = await loadModel("digits.slip");
at("ready").textContent = "Ready. It works without a connection too.";

function clear() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  at("digit").textContent = "-";
  at("sure").textContent = "";
}

function stroke(x0, y0, x1, y1) {
  pen.strokeStyle = "#000";
  pen.lineWidth = 26;
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

async function read() {
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const ink = Float64Array.from({ length: canvas.width * canvas.height }, (_, i) => 1 - data[i * 4] / 255);
  const dots = dotsOf(ink, canvas.width, canvas.height);
  if (dots === null) return;
  const [{ label, probabilities }] = await model.predict([dots]);
  at("digit").textContent = label;
  at("sure").textContent = `${(probabilities[label] * 100).toFixed(0)} % sure`;
}

let last;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = event;
  stroke(event.offsetX, event.offsetY, event.offsetX, event.offsetY);
});
canvas.addEventListener("pointermove", (event) => {
  if (last === undefined) return;
  stroke(last.offsetX, last.offsetY, event.offsetX, event.offsetY);
  last = event;
});
canvas.addEventListener("pointerup", () => {
  last = undefined;
  return read();
});
at("clear").addEventListener("click", clear);
// For who cannot draw with a pointer, and to see it at once.
at("sample").addEventListener("click", () => {
  clear();
  for (const line of SAMPLES[Math.floor(Math.random() * SAMPLES.length)]) stroke(...line);
  return read();
});
clear();
