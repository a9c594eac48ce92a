// The loop: one instruction after another until STOP.

import { instructions } from "./instructions.ts";
import type { Machine } from "./machine.ts";
import { isBinary, opcodeName, opcodes } from "./opcodes.ts";
import type { PyValue } from "./values.ts";

/** Runs to STOP and returns what is on top of the stack. */
export function interpret(m: Machine): PyValue {
  const { bytes } = m;
  for (;;) {
    if (m.position === m.frameEnd) {
      m.frameEnd = -1;
      m.limit = bytes.length;
    }
    m.at = m.position;
    if (m.position >= m.limit) throw m.truncated("the pickle has no STOP");
    const code = bytes[m.position++]!;
    if (code === opcodes.STOP) return m.pop();
    const instruction = instructions[code];
    if (instruction === undefined) {
      throw m.malformed(m.at === 0 ? "the first byte is not a pickle instruction" : `${opcodeName(code)} is not a pickle instruction`);
    }
    if (m.declaredProtocol === undefined && isBinary(code)) m.sawBinary = true;
    instruction(m);
  }
}
