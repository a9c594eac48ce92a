// What the model takes and answers.

import type { VNode } from "preact";
import type { Column, Output, Signature } from "../../api/types.ts";
import { numberText } from "../../lib/format.ts";
import { Chip, Panel } from "../../parts/basics.tsx";

const TYPE: Readonly<Record<string, string>> = { double: "number", int64: "whole number", boolean: "true or false", string: "text" };

export function SignatureTab({ signature }: { readonly signature: Signature }): VNode {
  return <div class="stack">
    {signature.layout === "tensors" ? <Panel title="Takes" flush><div class="scroll"><table><caption class="visually-hidden">Tensors</caption><thead><tr><th scope="col">Tensor</th><th scope="col">Type</th><th scope="col">Shape</th></tr></thead>
      <tbody>{(signature.tensors ?? []).map((t) => <tr key={t.name}><th scope="row">{t.name}</th><td>{t.type}</td><td><code>[{t.shape.map((s) => (s === -1 ? "any" : s)).join(", ")}]</code></td></tr>)}</tbody></table></div></Panel>
      : <Panel title="Takes" flush><div class="scroll"><table><caption class="visually-hidden">Columns</caption><thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">May be missing</th><th scope="col">Values</th><th scope="col">Example</th></tr></thead>
        <tbody>{signature.columns.map((c) => <tr key={c.name}>
          <th scope="row">{c.name}{!c.used && <> <Chip title="No prediction depends on it">plays no part</Chip></>}</th>
          <td class="nowrap">{TYPE[c.type] ?? c.type}</td><td>{c.missing === "allowed" ? "yes" : "no"}</td><td>{values(c)}</td><td>{c.example === undefined || c.example === null ? "" : <code>{String(c.example)}</code>}</td>
        </tr>)}</tbody></table></div></Panel>}
    <Panel title="Answers" flush><div class="scroll"><table><caption class="visually-hidden">Outputs</caption><thead><tr><th scope="col">Output</th><th scope="col">Kind</th><th scope="col">Type</th><th scope="col">For each row</th></tr></thead>
      <tbody>{signature.outputs.map((o) => <tr key={o.name}><th scope="row">{o.name}</th><td>{o.kind}</td><td>{o.type}</td><td>{entries(o)}</td></tr>)}</tbody></table></div></Panel>
  </div>;
}

function values(c: Column): string {
  if (c.categories !== undefined) return `${c.categories.slice(0, 12).join(", ")}${c.categories.length > 12 ? ` and ${c.categories.length - 12} more` : ""}${c.unknown === "refused" ? "; no other" : ""}`;
  return c.range === undefined ? "" : `${numberText(c.range[0])} to ${numberText(c.range[1])} in the check file`;
}
function entries(o: Output): string {
  const names = o.columns ?? o.classes;
  if (names !== undefined) return names.slice(0, 12).join(", ") + (names.length > 12 ? ` and ${names.length - 12} more` : "");
  return o.rowShape.length === 0 ? "one" : o.rowShape.join(" × ");
}
