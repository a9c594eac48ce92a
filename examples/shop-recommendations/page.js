// The shop: what is shown follows what was looked at; a click on an item is told with the prediction that showed it.

import { at, element, get, listen, post } from "./tools.js";

const state = await get("state");
let seen = [];

async function show() {
  const { items, prediction } = await post("recommend", { items: seen.map((item) => item.id) });
  at("for").textContent = seen.length === 0 ? "Most people look at" : "For you";
  at("seen").textContent = seen.length === 0 ? "nothing yet" : seen.map((item) => item.name).join(", ");
  at("shown").replaceChildren(...items.map((item) => {
    const button = element("button", "");
    button.append(element("span", item.name), element("span", `${item.shelf}, ${item.price.toFixed(2)}`, "dim"));
    button.addEventListener("click", async () => {
      await post("click", { prediction, id: item.id });
      seen = [...seen, item];
      await show();
    });
    const place = element("li", "");
    place.append(button);
    return place;
  }));
}

function showSummer(on) {
  at("summer").ariaPressed = String(on);
}

at("summer").addEventListener("click", async () => showSummer((await post("summer", { on: at("summer").ariaPressed !== "true" })).summer));
at("train").addEventListener("click", () => post("train", {}).catch((e) => (at("training").textContent = e.message)));
at("forget").addEventListener("click", () => {
  seen = [];
  return show();
});
showSummer(state.summer);
await show();
listen(({ figures }) => {
  at("hits").textContent = figures.hits === null ? "-" : `${(figures.hits * 100).toFixed(0)} %`;
  if (at("version").textContent !== `version ${figures.version}`) at("version").textContent = `version ${figures.version}`; // said once by a screen reader
  at("watch").textContent = figures.watch === null ? "-" : figures.watch.state;
  at("watch").className = figures.watch?.state === "drift" ? "bad" : "";
  at("training").textContent = figures.training ?? "none";
});
