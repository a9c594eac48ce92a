// What happened to a request, in its order.

import type { VNode } from "preact";
import type { RequestDetails } from "../../api/types.ts";
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

export function Timeline({ request }: { readonly request: RequestDetails }): VNode {
  const asked: Event = {
    at: request.createdAt, icon: "upload", tone: "", text: `${request.requestedBy} asked for it`, quote: request.comment === "" ? null : request.comment,
    ...(request.imported === null ? {} : { note: `in another registry, of version ${request.imported.version} there; imported by ${request.imported.by}` }),
  };
  const events = [
    asked,
    ...request.decisions.map((d): Event => ({
      at: d.time, icon: d.decision === "approve" ? "check" : "cross", tone: d.decision === "approve" ? "good" : "bad",
      text: `${d.person} ${d.decision === "approve" ? "approved" : "rejected"} it${d.as === null ? "" : ` for ${d.as}`}`, quote: d.comment,
      note: `${d.signedBy === "person" ? "signed with their own key" : "signed by the server on their sign-in"}${d.importedBy !== null ? `; decided in another registry, imported by ${d.importedBy}: counts for nothing here` : d.counts ? "" : "; counts no longer"}`,
    })),
    ...request.comments.map((c): Event => ({ at: c.time, icon: "comment", tone: "", text: c.author, quote: c.text, ...(c.importedBy === null ? {} : { note: `said in another registry, imported by ${c.importedBy}` }) })),
    ...(request.closedAt === null || request.state === "rejected" ? [] : [closing(request, request.closedAt)]),
  ].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return <ol class="timeline">{events.map((e, i) => <li key={i}><span class={`dot ${e.tone}`}><Icon name={e.icon} size={14} /></span><div><strong>{e.text}</strong> <span class="soft small"><Time at={e.at} />{e.note !== undefined && ` · ${e.note}`}</span>{e.quote !== null && <blockquote>{e.quote}</blockquote>}</div></li>)}</ol>;
}

function closing({ state, closedBy }: RequestDetails, at: string): Event {
  if (state === "overridden") return { at, icon: "play", tone: "bad", text: `${closedBy ?? "an administrator"} released it past its policy`, quote: null };
  if (state === "promoted") return { at, icon: "play", tone: "good", text: `${closedBy ?? "somebody"} released it`, quote: null };
  return { at, icon: "clock", tone: "", text: state === "expired" ? "it expired" : `${closedBy ?? "somebody"} withdrew it`, quote: null };
}
