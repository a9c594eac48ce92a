// Making a key: whose, with which roles, for which models and how long.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../../api/client.ts";
import { api } from "../../api/paths.ts";
import type { ApiKey } from "../../api/types.ts";
import { Failure, Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";

const ROLES: readonly (readonly [role: string, may: string])[] = [
  ["viewer", "looks at everything"], ["developer", "offers models, runs the gate, asks for releases"], ["reviewer", "approves and rejects"],
  ["operator", "releases, moves aliases"], ["predictor", "asks models; for programs"], ["admin", "all of it, webhooks and keys"],
];
const DAY = 86_400_000;
const SPANS: readonly (readonly [days: number, text: string])[] = [[30, "30 days"], [90, "90 days"], [365, "1 year"], [0, "until it is revoked"]];

export function KeyDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: (key: ApiKey & { readonly key: string }) => void }): VNode {
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<ReadonlySet<string>>(new Set());
  const [groups, setGroups] = useState("");
  const [models, setModels] = useState("");
  const [days, setDays] = useState(90);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const make = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      onMade(await send("POST", api.apiKeys, {
        name, roles: ROLES.map(([role]) => role).filter((role) => roles.has(role)), groups: namesIn(groups), models: namesIn(models), expires: days === 0 ? null : new Date(Date.now() + days * DAY).toISOString() }));
    } catch (error) {
      setFailure(asApiError(error));
      setBusy(false);
    }
  };
  return <Dialog title="Make a key" onClose={onClose}><form onSubmit={(e) => {
    e.preventDefault();
    void make();
  }}>
    <Field id="key-name" label="Whose it is" hint="The person's or the program's name. Two keys of one name are one person in approvals."><input id="key-name" required maxLength={200} autoComplete="off" value={name} aria-describedby="key-name-hint" onInput={(e) => setName(e.currentTarget.value)} /></Field>
    <fieldset class="stack tight"><legend class="label">Roles</legend>{ROLES.map(([role, may]) => <div class="check" key={role}><input type="checkbox" id={`role-${role}`} checked={roles.has(role)} onChange={(e) => {
      const next = new Set(roles);
      if (e.currentTarget.checked) next.add(role);
      else next.delete(role);
      setRoles(next);
    }} /><label for={`role-${role}`}><strong>{role}</strong> <span class="soft">{may}</span></label></div>)}</fieldset>
    {roles.has("reviewer") && <Field id="key-groups" label="Groups" hint="Whom they speak for in approvals, such as business; several with commas"><input id="key-groups" spellcheck={false} value={groups} aria-describedby="key-groups-hint" onInput={(e) => setGroups(e.currentTarget.value)} /></Field>}
    <Field id="key-models" label="Models" hint="All where it is empty. Names, or beginnings with *; several with commas"><input id="key-models" spellcheck={false} value={models} aria-describedby="key-models-hint" onInput={(e) => setModels(e.currentTarget.value)} /></Field>
    <Field id="key-days" label="Valid for"><select id="key-days" value={String(days)} onChange={(e) => setDays(Number(e.currentTarget.value))}>{SPANS.map(([n, text]) => <option value={String(n)} key={n}>{text}</option>)}</select></Field>
    {failure !== undefined && <Failure error={failure} />}
    <div class="buttons"><button type="submit" class="primary" disabled={busy || roles.size === 0 || name.trim() === ""} aria-busy={busy}>Make it</button><button type="button" onClick={onClose}>Cancel</button></div>
  </form></Dialog>;
}

function namesIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((t) => t !== "");
}
