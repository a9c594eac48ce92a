// The chat: questions, answers with where they stand, and what the question was about where the answer was wrong.

import { at, element, get, post } from "./tools.js";

const { topics } = await get("state");

function say(text, className) {
  const box = element("div", "", `said ${className}`);
  box.append(element("p", text));
  at("log").append(box);
  box.scrollIntoView({ block: "nearest" });
  return box;
}

function button(box, text, act) {
  const made = element("button", text, "small");
  made.type = "button";
  made.addEventListener("click", act);
  box.append(made);
}

async function judge(box, prediction, intent) {
  const done = await post("judge", { prediction, intent }).then(() => "Noted, thank you.", (e) => e.message);
  box.replaceChildren(element("p", done, "dim"));
}

function askForVerdict(box, { prediction, intent, understood }) {
  const verdict = element("div", "");
  box.append(verdict);
  const choose = () => {
    verdict.replaceChildren(element("p", "What was it about?", "dim"));
    for (const topic of topics) button(verdict, topic, () => judge(verdict, prediction, topic));
    box.scrollIntoView({ block: "nearest" });
  };
  if (understood) button(verdict, "That was it", () => judge(verdict, prediction, intent));
  button(verdict, understood ? "Not what I meant" : "Say what it is about", choose);
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value;
  at("text").value = "";
  say(text, "mine");
  try {
    const answer = await post("ask", { text });
    const box = say(answer.text, "");
    const where = answer.source === null ? "" : `From: ${answer.source}. `;
    box.append(element("p", `${where}${answer.understood ? "Understood as" : "Perhaps about"} "${answer.intent}", ${(answer.confidence * 100).toFixed(0)} % sure.`, "dim"));
    askForVerdict(box, answer);
    box.scrollIntoView({ block: "nearest" });
  } catch (e) {
    say(e.message, "bad");
  }
});
