// What the server advises is written for everyone who uses it: terminals, programs, this page. Here it becomes advice for a
// person who looks at a page; what only makes sense in a terminal or a program is left out.

/** By the error's code. */
const FOR_PEOPLE: Readonly<Record<string, string>> = {
  "registry-not-found": "It may have another name, or was never offered. The page Models lists what there is.",
  "registry-version-removed": "Offer the same package again, and the version is back under its number.",
  "registry-alias-moved": "Load the page anew to see what it names now, then decide again.",
  "registry-in-use": "Let go of what needs it first: move the alias, or close the request.",
  "registry-attachment-newer": "Load the page anew and look at what changed.",
  "policy-unmet": "The request's page lists what is missing, and who can give it.",
  "request-closed": "Ask for the release anew, on the version's page.",
  "request-unknown": "The page Approvals lists the requests that there are.",
  "request-open": "The page Approvals has the open request.",
  "gate-none": "Run the gate on the version's page.",
  "upload-too-large": "Ask whoever runs this server to take larger files (the setting uploadLimit), or to add it there.",
  "upload-empty": "Choose a file that is not empty.",
  "offer-misnamed": "Its own name is filled in: offer it under that.",
  "check-differs": "The check file was made with another model, or with other columns. Write it again in the notebook, with this model's predictions.",
  "credentials-missing": "Sign in again.",
  "credentials-refused": "Look for a missing character at its beginning or end. Administrators make new keys, on the page Keys.",
  "credentials-expired": "Ask an administrator for a new key.",
  "sign-in-refused": "Ask for a new link, or sign in with a key.",
  forbidden: "Your roles do not allow it. An administrator can give you a key with more.",
  "key-unknown": "Load the page anew: somebody else may have changed it.",
  "webhook-secret-key": "Whoever runs this server has to give it a key for secrets (SLIPWAY_SECRETS_KEY).",
  "api-keys-unwritable": "Whoever runs this server makes keys where they are kept.",
  "torch-input-unknown": "Save the model traced with an example (torch.jit.trace) or exported (torch.export), and offer that file.",
};
/** Commands, options, variables, methods and headers. */
const FOR_TERMINALS = /\bslipway [a-z]|(?:^|\s)--[a-z]|\b[A-Z]+_[A-Z]+_[A-Z]+\b|\b(?:GET|POST|PUT|DELETE) \/|\bAuthorization\b|\bcurl\b/;

export function hintForPeople(code: string, hint: string | undefined): string | undefined {
  const words = Object.hasOwn(FOR_PEOPLE, code) ? FOR_PEOPLE[code] : undefined;
  if (words !== undefined) return words;
  if (hint === undefined || !FOR_TERMINALS.test(hint)) return hint;
  // Sentence by sentence: what is left may help.
  const kept = hint.split(/(?<=[.!?]) +/).filter((sentence) => !FOR_TERMINALS.test(sentence)).join(" ");
  return kept === "" ? undefined : kept;
}
