// What happened to a request, in its order.

import type { VNode } from "preact";
import type { ApprovalRequest } from "../../api/types.ts";
import { Time } from "../../parts/basics.tsx";
import { Icon, type IconName } from "../../parts/icons.tsx";

interface Event {
  readonly at: string;
  readonly icon: IconName;
  readonly tone: "" | "good" | "bad";
  readonly text: string;
  readonly quote: string | null;
  readonly note?: string;
}

export function Timeline({ request }: { readonly request: ApprovalRequest }): VNode {
  const asked: Event = { at: request.createdAt, icon: "upload", tone: "", text: `${request.createdBy} asked for it`, quote: request.comment };
  const events = [
    asked,
    ...request.decisions.map((d): Event => ({
      at: d.at, icon: d.decision === "approve" ? "check" : "cross", tone: d.decision === "approve" ? "good" : "bad",
      text: `${d.by} ${d.decision === "approve" ? "approved" : "rejected"} it${d.as === null ? "" : ` for ${d.as}`}`, quote: d.comment,
      ...(d.signedBy === null ? {} : { note: d.signedBy === "person" ? "signed with their own key" : "signed by the server on their sign-in" }),
    })),
    ...request.comments.map((c): Event => ({ at: c.at, icon: "comment", tone: "", text: c.by, quote: c.text })),
  ].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return <ol class="timeline">{events.map((e, i) => <li key={i}><span class={`dot ${e.tone}`}><Icon name={e.icon} size={14} /></span><div><strong>{e.text}</strong> <span class="soft small"><Time at={e.at} />{e.note !== undefined && ` · ${e.note}`}</span>{e.quote !== null && <blockquote>{e.quote}</blockquote>}</div></li>)}</ol>;
}
