// The page's script: loads the model into a worker, tells how it answered its own checked rows, and asks it.

import { loadModel } from "./slipway-edge.js";
import { startForm } from "./ask.js";
import { drawRow, element } from "./draw.js";

const main = document.querySelector("main");
const state = document.getElementById("state");
const button = document.querySelector("#ask .primary");

const loading = loadModel(main.dataset.package, JSON.parse(main.dataset.options));

function toError(error) {
  return typeof error.toJSON === "function" ? error.toJSON() : { message: String(error.message ?? error) };
}

async function asked(ask) {
  const model = await loading;
  const before = performance.now();
  const predictions = await ask(model);
  return { status: 200, result: { predictions, model: { name: model.name, version: model.version, digest: model.digest }, ms: performance.now() - before } };
}

startForm({
  async send({ body, type }) {
    try {
      if (body instanceof Blob && body.type.startsWith("audio/")) return await asked(async (model) => model.predictSound(new Uint8Array(await body.arrayBuffer())));
      if (body instanceof Blob) return await asked((model) => createImageBitmap(body).then((picture) => model.predictImage(picture)));
      if (type !== "application/json") return { status: 400, result: { error: { message: "rows are pasted as JSON here", hint: "Paste a list of records." } } };
      return await asked((model) => model.predict(JSON.parse(body)));
    } catch (error) {
      return { status: 400, result: { error: toError(error) } };
    }
  },
});

try {
  const model = await loading;
  const { check, engine, signedBy } = model;
  state.textContent = check === null ? "ready; the package has no checked rows" : `ready: ${check.rows} checked rows answered as they must be, in ${Math.max(1, Math.round(check.ms))} ms`;
  state.title = `computed by ${engine.name === "kernel" ? "Slipway's kernel" : "ONNX Runtime"}${signedBy === null ? "" : `; signed by key ${signedBy.slice(0, 16)}`}`;
  button.disabled = false;
} catch (error) {
  const { message, hint } = toError(error);
  state.textContent = "the model was not loaded";
  const failure = document.getElementById("failure");
  failure.append(element("p", message), ...(hint ? [element("p", hint, "fix")] : []));
  failure.hidden = false;
}

const answer = document.getElementById("answer");
async function show(picture) {
  try {
    const model = await loading;
    const [row] = await model.predictImage(picture);
    answer.replaceChildren(...(await drawRow(row, picture)));
  } catch (error) {
    answer.replaceChildren(element("p", toError(error).message));
  }
}
document.getElementById("camera")?.addEventListener("click", async () => {
  const video = document.getElementById("video");
  if (video.srcObject !== null) {
    for (const track of video.srcObject.getTracks()) track.stop();
    video.srcObject = null;
    video.hidden = true;
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    answer.replaceChildren(element("p", `The camera cannot be used: ${error.message}`));
    return;
  }
  video.hidden = false;
  await video.play();
  while (video.srcObject !== null) {
    await show(video);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

if ("offline" in main.dataset && "serviceWorker" in navigator) await navigator.serviceWorker.register("service-worker.js");
