// Tokens of who asks, from a service that gives them for something else (RFC 6749): a secret, a signed word, another token.

import { readAnswer } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { objectOf } from "./aws/ask-local.ts";
import { Web } from "./web.ts";

export interface Token {
  readonly token: string;
  /** When it ends, in milliseconds since 1970; undefined: that is not said. */
  readonly endsMs?: number;
}
const MAX_ANSWER = 2 ** 18;

/** `shown`: who gives it. `hint`: what to look at where it is refused. @throws SlipwayError batch-source-denied, batch-source-unavailable */
export async function askForToken(url: URL, form: Readonly<Record<string, string>>, shown: string, hint: string): Promise<Token> {
  const web = new Web();
  try {
    return await web.ask({
      shown, expect: [200],
      request: () => ({ method: "POST", url, headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" }, body: Buffer.from(new URLSearchParams(form).toString()) }),
      async refused(answer) {
        if (answer.status >= 500 || answer.status === 429) return undefined;
        const said = objectOf(Buffer.from(await readAnswer(answer, MAX_ANSWER).catch(() => new Uint8Array(0))).toString("utf8"));
        const code = String(said?.["error"] ?? "").replace(/[^\w.-]/g, "").slice(0, 80);
        return batchError("batch-source-denied", `${shown} gives no token: ${code === "" ? answer.status : code}`, { where: shown, hint });
      },
    }, async (answer) => tokenIn(Buffer.from(await readAnswer(answer, MAX_ANSWER)).toString("utf8"), shown));
  } finally {
    web.close();
  }
}

/** @throws SlipwayError batch-source-denied */
export function tokenIn(text: string, shown: string): Token {
  const said = objectOf(text);
  const [token, seconds] = [said?.["access_token"], Number(said?.["expires_in"])];
  if (typeof token !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(token)) throw batchError("batch-source-denied", `${shown} answers with what is no token`, { where: shown });
  return { token, ...(seconds > 0 ? { endsMs: Date.now() + 1000 * seconds } : {}) };
}
