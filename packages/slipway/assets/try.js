// The try-it page's script: a key, where the service asks for one, and the way from page to page. No framework, nothing
// from elsewhere. The key is held in this variable only: pages are then fetched with it and put in the place of this one.

import { startForm } from "./ask.js";
import { element } from "./draw.js";

let key;
const credentials = () => (key === undefined ? {} : { authorization: `Bearer ${key}` });

function start() {
  const form = document.getElementById("key-form");
  const held = document.getElementById("key-held");
  const problem = document.getElementById("key-problem");
  const field = document.getElementById("key");
  const ask = (message) => {
    form.hidden = false;
    held.hidden = true;
    problem.textContent = /[.?]$/.test(message) ? message : `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
    problem.hidden = false;
    field.focus();
  };
  if (key !== undefined && document.getElementById("ask")) {
    form.hidden = true;
    held.hidden = false;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = field.value.trim();
    // A header cannot hold other characters, and no key has them.
    if (!/^[\x21-\x7e]+$/.test(given)) return ask("A key has letters, digits and signs only, and no space.");
    key = given;
    field.value = "";
    problem.hidden = true;
    if (document.getElementById("ask")) {
      form.hidden = true;
      held.hidden = false;
      document.querySelector("#ask .primary").focus();
    } else void show(location.href);
  });
  document.getElementById("key-forget").addEventListener("click", () => {
    key = undefined;
    location.reload();
  });
  if (document.getElementById("ask")) startForm({ send, keyed: () => key !== undefined, refused: ask });
}

async function send({ body, type }) {
  const response = await fetch(document.querySelector("main").dataset.url, { method: "POST", headers: { ...credentials(), "content-type": type }, body });
  return { status: response.status, result: await response.json() };
}

/** Fetches a page with the key and puts it in this one's place; what is no page is shown as it is. */
async function show(url) {
  let response, text;
  try {
    response = await fetch(url, { headers: { ...credentials(), accept: "text/html, */*;q=0.5" } });
    text = await response.text();
  } catch {
    const problem = document.getElementById("key-problem");
    document.getElementById("key-form").hidden = false;
    problem.textContent = "The server did not answer. Is it still running?";
    problem.hidden = false;
    return;
  }
  if (/text\/html/.test(response.headers.get("content-type"))) {
    // Scripts of a parsed document do not run; this one is there already.
    const page = new DOMParser().parseFromString(text, "text/html");
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    start();
    document.querySelector("h1").focus();
  } else {
    const whole = /json/.test(response.headers.get("content-type")) ? JSON.stringify(JSON.parse(text), null, 2) : text;
    const shown = element("pre", whole, "whole");
    shown.tabIndex = 0;
    document.querySelector("main").replaceChildren(shown);
    document.querySelector("main").className = "one";
    shown.focus();
  }
  scrollTo(0, 0);
}

// Links cannot carry a key.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (key === undefined || link === null || link.origin !== location.origin || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  void show(link.href);
});
addEventListener("popstate", () => void show(location.href));

start();
