// Ways to tell people. Each takes a message as it is and throws where it could not be delivered: it is tried again then.

import type { AlertSettings } from "../../config/index.ts";
import type { Destinations } from "../../webhooks/index.ts";
import { monitorError } from "../errors.ts";
import type { Alert, Message } from "./alert.ts";

export interface Sink {
  readonly name: "webhook" | "slack" | "alertmanager" | "email";
  send(message: Message): Promise<void>;
  /** Told of everything that is the matter, again and again: what is not repeated it takes to be over. */
  readonly repeats?: true;
}

const TIMEOUT_MS = 10_000;
/** The configuration's own addresses, which no caller chooses. */
const ANYWHERE: Destinations = { allows: () => true, isException: () => true };
const MARK = { info: "ℹ️", warning: "⚠️", critical: "🔴" } as const;

export function sinksOf({ webhook, secret, slack, alertmanager, email }: Partial<AlertSettings>): Sink[] {
  return [
    ...(webhook === undefined ? [] : [webhookSink(webhook, secret)]), ...(slack === undefined ? [] : [slackSink(slack)]),
    ...(alertmanager === undefined ? [] : [alertmanagerSink(alertmanager)]), ...(email === undefined ? [] : [emailSink(email)]),
  ];
}

function webhookSink(url: string, secret: string | undefined): Sink {
  return {
    name: "webhook",
    send: async (message) => {
      const { signWebhook } = await import("../../webhooks/index.ts");
      const body = JSON.stringify({ type: "monitor.alert", timestamp: new Date().toISOString(), data: message });
      return post("webhook", url, body, secret === undefined ? {} : { ...signWebhook([secret], message.id, Math.floor(Date.now() / 1000), body) });
    },
  };
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function slackSink(url: string): Sink {
  const escape = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const section = (text: string): object => ({ type: "section", text: { type: "mrkdwn", text: text.slice(0, 2900) } });
  return {
    name: "slack",
    send: (message) => post("slack", url, JSON.stringify({
      text: titleOf(message),
      blocks: [
        section(`*${escape(titleOf(message))}*`),
        ...message.firing.slice(0, 20).map((a) => section(`${MARK[a.severity]} ${escape(a.summary)}${a.since === null ? "" : `\nsince ${a.since}`}${a.picture === null ? "" : `\n\`\`\`${escape(a.picture)}\`\`\``}\n_${escape(a.next)}_`)),
        ...message.resolved.slice(0, 20).map((a) => section(`✅ over: ${escape(a.summary)}`)),
        ...(message.link === null ? [] : [section(`<${message.link}|Look at it>`)]),
      ],
    }), {}),
  };
}

/** Alertmanager's API, version 2: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml */
function alertmanagerSink(url: string): Sink {
  return {
    name: "alertmanager", repeats: true,
    send: (message) => post("alertmanager", `${url.replace(/\/+$/, "")}/api/v2/alerts`, JSON.stringify([...message.firing, ...message.resolved].map((a) => ({
      labels: { alertname: `slipway_${a.rule}`, model: a.model, version: a.version, severity: a.severity, ...(a.subject === "" ? {} : { subject: a.subject }) },
      annotations: { summary: a.summary, description: a.next },
      startsAt: a.since ?? a.firstAt, ...(a.resolvedAt === null ? {} : { endsAt: a.resolvedAt }), ...(message.link === null ? {} : { generatorURL: message.link }),
    }))), {}),
  };
}

function emailSink({ smtp, from, to }: NonNullable<AlertSettings["email"]>): Sink {
  return {
    name: "email",
    async send(message) {
      const { createTransport } = await import("nodemailer");
      const transport = createTransport({ url: smtp, connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS });
      try {
        await transport.sendMail({ from, to: [...to], subject: titleOf(message), text: textOf(message), messageId: `<${message.id}@slipway>` });
      } catch (cause) {
        throw monitorError("alert-failed", `email: ${(cause as Error).message.slice(0, 300)}`, { cause });
      } finally {
        transport.close();
      }
    },
  };
}

export function titleOf({ model, firing, resolved }: Message): string {
  if (firing.length === 0) return `${model}: over: ${resolved.map((a) => a.rule).filter((r, i, all) => all.indexOf(r) === i).join(", ")}`;
  const [first] = firing;
  return firing.length === 1 ? `${model}: ${first!.summary.slice(0, 120)}` : `${model}: ${firing.length} things are the matter`;
}

export function textOf({ firing, resolved, link }: Message): string {
  const paragraph = (a: Alert): string => [`${a.severity.toUpperCase()}: ${a.summary}`, ...(a.since === null ? [] : [`since ${a.since}`]), `version ${a.version}`, ...(a.picture === null ? [] : [a.picture]), a.next].join("\n");
  return [...firing.map(paragraph), ...resolved.map((a) => `Over: ${a.summary}`), ...(link === null ? [] : [link])].join("\n\n");
}

async function post(name: Sink["name"], url: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
  // Loaded when somebody is told: a server that has nothing to tell starts without it.
  const { sendWebhook } = await import("../../webhooks/index.ts");
  const { status, excerpt } = await sendWebhook({ url, body, headers, timeoutMs: TIMEOUT_MS, destinations: ANYWHERE });
  if (status < 200 || status >= 300) throw monitorError("alert-failed", `${name}: status ${status} ${excerpt.slice(0, 200)}`);
}
