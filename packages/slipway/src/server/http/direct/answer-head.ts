// The head of an answer: status line and headers as text, one write with its body.

const { STATUS_CODES } = process.getBuiltinModule("node:http");

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** By name, the line that was written last: most headers are the same in every answer. */
interface Line {
  value: string | number | undefined;
  text: string;
}
const lines = new Map<string, Line>();

let date = "";
let dateUntil = 0;
/** Of this second. */
function dateLine(): string {
  const now = Date.now();
  if (now >= dateUntil) {
    date = `date: ${new Date(now).toUTCString()}\r\n`;
    dateUntil = now - (now % 1000) + 1000;
  }
  return date;
}

const OK = "HTTP/1.1 200 OK\r\n";

/** @throws TypeError where a header would break out of its line */
export function answerHead(status: number, headers: Readonly<Record<string, string | number>>, keepAlive: string): string {
  let text = (status === 200 ? OK : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`) + dateLine() + keepAlive;
  for (const name in headers) {
    const value = headers[name]!;
    let line = lines.get(name);
    if (line === undefined) {
      if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is no header's name`);
      lines.set(name, (line = { value: undefined, text: "" }));
    }
    if (line.value !== value) {
      if (typeof value === "string" && !VALUE.test(value)) throw new TypeError(`the value of ${name} has characters that a header cannot hold`);
      line.text = `${name}: ${value}\r\n`;
      line.value = value;
    }
    text += line.text;
  }
  return `${text}\r\n`;
}
