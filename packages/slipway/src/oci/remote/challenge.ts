// WWW-Authenticate (RFC 9110, 11.6.1): the schemes a server takes and their parameters. Comes from outside: bounded.

export interface Challenge {
  /** In lower case: "bearer", "basic". */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_LENGTH = 8192;
const MAX_CHALLENGES = 10;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;

/** What cannot be read ends the list. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const text = (header ?? "").slice(0, MAX_LENGTH);
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const skip = (characters: string): void => {
    while (at < text.length && characters.includes(text[at]!)) at++;
  };
  const token = (): string | undefined => {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    at += match[0].length;
    return match[0];
  };
  while (at < text.length && found.length <= MAX_CHALLENGES) {
    skip(" \t,");
    const word = token();
    if (word === undefined) break;
    const after = at;
    skip(" \t");
    if (text[at] !== "=" || found.length === 0) {
      at = after;
      found.push({ scheme: word.toLowerCase(), parameters: new Map() });
      continue;
    }
    at++;
    skip(" \t");
    const value = text[at] === "\"" ? quoted() : token();
    if (value === undefined) break;
    const { parameters } = found.at(-1)!;
    if (!parameters.has(word.toLowerCase())) parameters.set(word.toLowerCase(), value);
  }
  return found.slice(0, MAX_CHALLENGES);

  function quoted(): string | undefined {
    let value = "";
    for (at++; at < text.length; at++) {
      const c = text[at]!;
      if (c === "\"") {
        at++;
        return value;
      }
      value += c === "\\" && at + 1 < text.length ? text[++at]! : c;
    }
    return undefined;
  }
}
