// What the examples' pages have in common.

export const at = (id) => document.getElementById(id);

export async function get(path) {
  const answer = await fetch(path);
  return answer.json();
}

/** Resolves with the answer; refuses with its message. */
export async function post(path, body) {
  const response = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** What the program pushes, as it comes. */
export function listen(act) {
  new EventSource("events").addEventListener("message", ({ data }) => act(JSON.parse(data)));
}

export function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}
