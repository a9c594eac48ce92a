// Approving or rejecting: for which group, with which comment, signed by the person's own key where this browser has one.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../../api/client.ts";
import { api, page } from "../../api/paths.ts";
import type { PersonKey, RequestDetails } from "../../api/types.ts";
import { useLoad } from "../../lib/load.ts";
import { samePerson } from "../../lib/person.ts";
import { Failure, Field, Panel } from "../../parts/basics.tsx";
import { Icon } from "../../parts/icons.tsx";
import { toast } from "../../parts/toasts.tsx";
import { useSession } from "../../session.ts";

export function DecideForm({ request, author, onDone }: { readonly request: RequestDetails; readonly author: string | undefined; readonly onDone: () => Promise<void> }): VNode {
  const { me } = useSession();
  const [as, setAs] = useState(me.groups[0] ?? "");
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState<"approve" | "reject" | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const own = request.decisions.find((d) => samePerson(d.person, me.name) && d.counts);
  const byAuthor = author !== undefined && samePerson(author, me.name) && request.policy?.author !== true && request.policy !== null;
  const keys = useOwnKey(me.name);

  const decide = async (decision: "approve" | "reject"): Promise<void> => {
    setBusy(decision);
    setFailure(undefined);
    try {
      const fields = { decision, as: as === "" ? null : as, comment: comment.trim() === "" ? null : comment.trim() };
      const envelope = keys.usable ? await signed(request, { ...fields, person: me.name }) : undefined;
      await send("POST", `${api.request(request.id)}/decisions`, { decision, ...(fields.as === null ? {} : { as: fields.as }), ...(fields.comment === null ? {} : { comment: fields.comment }), ...(envelope === undefined ? {} : { envelope }) });
      setComment("");
      toast(decision === "approve" ? "You approved it." : "You rejected it.");
      await onDone();
    } catch (error) {
      setFailure(asApiError(error));
    } finally {
      setBusy(undefined);
    }
  };
  if (own !== undefined) return <Panel title="Your decision"><p>You {own.decision === "approve" ? "approved" : "rejected"} it{own.as !== null && ` for ${own.as}`}.</p></Panel>;
  return <Panel title="Your decision">
    {byAuthor && <div class="note warn"><strong>You offered this version.</strong><p>The policy counts approvals of others only.</p></div>}
    {me.groups.length > 1 && <Field id="as" label="For"><select id="as" value={as} onChange={(e) => setAs(e.currentTarget.value)}>{me.groups.map((g) => <option value={g} key={g}>{g}</option>)}</select></Field>}
    {me.groups.length === 1 && <p class="small">You decide for <strong>{as}</strong>.</p>}
    <Field id="decision-comment" label="Comment" hint="What you looked at; why not, where you reject"><textarea id="decision-comment" rows={3} value={comment} aria-describedby="decision-comment-hint" onInput={(e) => setComment(e.currentTarget.value)} /></Field>
    {failure !== undefined && <Failure error={failure} />}
    <p class="small soft line"><Icon name="key" size={15} />{keys.usable ? "Signed with your key in this browser." : <span>Signed by the server on your sign-in. <a href={page.account}>Sign with a key of your own</a></span>}</p>
    <div class="buttons">
      <button type="button" class="primary" disabled={busy !== undefined || byAuthor} aria-busy={busy === "approve"} onClick={() => void decide("approve")}><Icon name="check" size={16} />Approve</button>
      <button type="button" class="danger" disabled={busy !== undefined} aria-busy={busy === "reject"} onClick={() => void decide("reject")}><Icon name="cross" size={16} />Reject</button>
    </div>
  </Panel>;
}

/** Whether this browser holds a key that the server knows as this person's. */
function useOwnKey(person: string): { readonly usable: boolean } {
  const registered = useLoad<{ readonly keys: readonly PersonKey[] }>(api.keys);
  const [mine, setMine] = useState<string | undefined>(undefined);
  useEffect(() => {
    void (async () => (await import("../../lib/person-key.ts")).personKey(person))().then((key) => setMine(key?.publicKey.id), () => undefined);
  }, [person]);
  return { usable: mine !== undefined && registered.data?.keys.some((k) => k.id === mine) === true };
}

async function signed(request: RequestDetails, fields: { readonly decision: "approve" | "reject"; readonly as: string | null; readonly comment: string | null; readonly person: string }): Promise<unknown> {
  const [{ personKey }, { signDecision }] = await Promise.all([import("../../lib/person-key.ts"), import("../../lib/sign-decision.ts")]);
  const key = await personKey(fields.person);
  return key === undefined ? undefined : await signDecision(request, fields, key);
}

export function CommentForm({ id, onDone }: { readonly id: string; readonly onDone: () => Promise<void> }): VNode {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  return <form class="tight" onSubmit={(e) => {
    e.preventDefault();
    if (text.trim() === "") return;
    setBusy(true);
    setFailure(undefined);
    send("POST", `${api.request(id)}/comments`, { text: text.trim() }).then(async () => {
      setText("");
      await onDone();
    }).catch((error: unknown) => setFailure(asApiError(error))).finally(() => setBusy(false));
  }}>
    <Field id="comment" label="Write a comment"><textarea id="comment" rows={2} value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field>
    {failure !== undefined && <Failure error={failure} />}
    <div><button type="submit" disabled={busy || text.trim() === ""} aria-busy={busy}>Comment</button></div>
  </form>;
}
