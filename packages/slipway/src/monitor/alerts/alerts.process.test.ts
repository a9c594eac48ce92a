// Alerts, to receivers of every kind that listen: told once, grouped by model, again only after the cooldown, when over, and
// after a receiver was away.

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeSecret, verifyWebhook } from "../../webhooks/index.ts";
import { prometheusText } from "../../server/telemetry/prometheus.ts";
import { loanRows, START, watchedApp, type WatchedApp } from "../testing.ts";
import { Alerter } from "./alerter.ts";
import type { AlertSettings } from "../../config/index.ts";

interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  // eslint-disable-next-line typescript/no-explicit-any -- what was sent is what is checked
  readonly body: any;
}
let watched: WatchedApp | undefined;
const servers: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const s of servers.splice(0)) s.close();
  await watched?.close();
});
const MINUTE = 60_000;

async function receiver(status: () => number = () => 200): Promise<{ url: string; got: Received[] }> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (d: Buffer) => (text += d.toString()));
    request.on("end", () => {
      response.statusCode = status();
      if (response.statusCode === 200) got.push({ path: request.url!, headers: request.headers as Record<string, string>, text, body: JSON.parse(text) });
      response.end("ok");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

/** As much of SMTP as takes mail in (RFC 5321). */
async function mailbox(): Promise<{ url: string; mails: string[] }> {
  const mails: string[] = [];
  const server = createTcp((socket) => {
    let data: string | undefined;
    let buffer = "";
    socket.write("220 test ESMTP\r\n");
    socket.on("error", () => undefined);
    socket.on("data", (piece) => {
      buffer += piece.toString();
      for (let end = buffer.indexOf("\r\n"); end >= 0; end = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (data !== undefined) {
          if (line !== ".") data += `${line}\n`;
          else {
            mails.push(data);
            data = undefined;
            socket.write("250 kept\r\n");
          }
        } else if (line === "DATA") {
          data = "";
          socket.write("354 go on\r\n");
        } else if (line === "QUIT") socket.end("221 bye\r\n");
        else socket.write("250 ok\r\n");
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, mails };
}

async function alerting(settings: Partial<AlertSettings>): Promise<Alerter> {
  watched = await watchedApp();
  return new Alerter({ watched: watched.monitor, owner: "a", settings, intervalMs: 30_000, link: (model) => `https://slipway.example/dashboard/models/${model}/monitoring` });
}
async function drift(windows: number, from = 0): Promise<void> {
  for (let k = 0; k < windows; k++) {
    watched!.clock.now = START + (from + k) * 10 * MINUTE;
    await watched!.ask(loanRows(300, from + k, 60));
  }
}

describe("alerts", () => {
  it("go to every kind of receiver, with what changed, since when, and what to do", async () => {
    const [webhook, slack, alertmanager, mail] = [await receiver(), await receiver(), await receiver(), await mailbox()];
    const secret = makeSecret();
    const alerter = await alerting({ webhook: webhook.url, secret, slack: slack.url, alertmanager: alertmanager.url, email: { smtp: mail.url, from: "slipway@example.org", to: ["ops@example.org"] } });
    await drift(2);
    await alerter.tick();
    const [call] = webhook.got;
    expect(verifyWebhook(secret, call!.headers, call!.text)).toBe(true);
    expect(call!.body).toMatchObject({ type: "monitor.alert", data: { model: "loan", link: "https://slipway.example/dashboard/models/loan/monitoring" } });
    const age = call!.body.data.firing.find((a: { subject: string }) => a.subject === "age");
    expect(age).toMatchObject({ rule: "drift", severity: "warning", state: "firing", since: new Date(START).toISOString(), version: "1.2.0" });
    expect(age.summary).toMatch(/^age is distributed otherwise .* mean 6\d/);
    expect(age.picture).toMatch(/^now {4}[▁-█]+\nbefore [▁-█]+$/);
    expect(age.next).toContain("train anew");
    expect(slack.got[0]!.body.blocks.length).toBeGreaterThan(2);
    expect(slack.got[0]!.body.text).toMatch(/^loan: \d things are the matter$/);
    expect(alertmanager.got[0]).toMatchObject({ path: "/api/v2/alerts" });
    expect(alertmanager.got[0]!.body).toContainEqual(expect.objectContaining({ labels: { alertname: "slipway_drift", model: "loan", version: "1.2.0", severity: "warning", subject: "age" }, startsAt: new Date(START).toISOString() }));
    expect(mail.mails[0]).toMatch(/^Subject: loan: /m);
    expect(mail.mails[0]).toMatch(/^To: ops@example.org$/m);
    const shown = (await watched!.get("/alerts")).json();
    expect(shown.alerts.map((a: { subject: string }) => a.subject)).toContain("age");
    expect(shown.undelivered).toEqual([]);
  });
  it("leave the states as metrics", async () => {
    watched = await watchedApp();
    const alerter = new Alerter({ watched: watched.monitor, owner: "a", intervalMs: 30_000, onView: (view) => watched!.monitor.note(view) });
    await drift(2);
    await alerter.tick();
    const body = prometheusText(watched.monitor.families());
    expect(body).toContain('slipway_drift_state{model="loan",version="1.2.0",state="drift"} 1\n');
    expect(body).toMatch(/slipway_drift_psi\{model="loan",version="1\.2\.0",column="age"\} [1-9]/);
    expect(body).toContain("slipway_monitor_dropped_rows_total 0\n");
  });
  it("are told once, again only after the cooldown, and when over", async () => {
    const { url, got } = await receiver();
    const alerter = await alerting({ webhook: url, rules: { ages: { on: "drift", columns: ["age"], metric: "accuracy", severity: "critical", cooldown: 30 * MINUTE } } });
    await drift(2);
    for (let k = 0; k < 3; k++) await alerter.tick();
    expect(got.map((g) => g.body.data.firing.length)).toEqual([1]);
    await drift(3, 2);
    await alerter.tick();
    expect(got.map((g) => g.body.data.firing.length)).toEqual([1, 1]);
    for (let k = 0; k < 3; k++) {
      watched!.clock.now += 10 * MINUTE;
      await watched!.ask(loanRows(300, 50 + k));
    }
    await alerter.tick();
    expect(got.at(-1)!.body.data).toMatchObject({ firing: [], resolved: [{ rule: "ages", subject: "age", state: "resolved" }] });
  });
  it("wait while the receiver is away, and say so", async () => {
    let status = 503;
    const { url, got } = await receiver(() => status);
    const alerter = await alerting({ webhook: url });
    await drift(2);
    await alerter.tick();
    expect((await watched!.get("/alerts")).json().undelivered).toMatchObject([{ sink: "webhook", messages: 1, error: "webhook: status 503 ok" }]);
    status = 200;
    await alerter.tick();
    expect(got.length).toBe(0);
    watched!.clock.now += 11_000;
    await alerter.tick();
    expect(got.length).toBe(1);
    expect((await watched!.get("/alerts")).json().undelivered).toEqual([]);
  });
  it("come from one of the processes that share a store, and from another when that is gone", async () => {
    const { url, got } = await receiver();
    const first = await alerting({ webhook: url });
    const second = new Alerter({ watched: watched!.monitor, owner: "b", settings: { webhook: url }, intervalMs: 30_000 });
    await first.tick();
    await drift(2);
    watched!.clock.now = START + 10 * MINUTE;
    await first.tick();
    await second.tick();
    expect(got.length).toBe(1);
    watched!.clock.now += 2 * MINUTE;
    await second.tick();
    expect(await watched!.monitor.store().then((s) => s.database.query("select owner from monitor_leases"))).toEqual([{ owner: "b" }]);
  });
  it("tell of silence, errors, latency, quality and bars of accuracy", async () => {
    const rule = { metric: "accuracy", severity: "warning", cooldown: MINUTE } as const;
    const alerter = await alerting({ rules: { quiet: { on: "silence", ...rule }, slow: { on: "latency", above: 0.000_01, ...rule }, failing: { on: "errors", above: 0.1, ...rule }, data: { on: "quality", ...rule }, bar: { on: "accuracy", below: 0.99, ...rule }, guess: { on: "estimate", below: 0.9999, ...rule } } });
    for (let k = 0; k < 4; k++) {
      watched!.clock.now = START + k * 10 * MINUTE;
      for (let i = 0; i < 20; i++) await watched!.ask([{ age: 30, plan: i % 4 === 0 ? "gold" : "pro", member: false, note: null }]);
      const { prediction_id: id, predictions } = (await watched!.ask(loanRows(200, 7).map((row) => ({ ...row, age: null })))).json();
      await watched!.ask([], { url: "/feedback", payload: JSON.stringify({ prediction_id: id, labels: predictions.map(() => "yes") }) });
    }
    await alerter.tick();
    const rules = async (): Promise<string[]> => [...new Set<string>((await watched!.get("/alerts")).json().alerts.filter((a: { state: string }) => a.state === "firing").map((a: { rule: string }) => a.rule))].sort();
    expect(await rules()).toEqual(["bar", "data", "failing", "guess", "slow"]);
    watched!.clock.now += 90 * MINUTE;
    await alerter.tick();
    expect(await rules()).toContain("quiet");
  });
});
