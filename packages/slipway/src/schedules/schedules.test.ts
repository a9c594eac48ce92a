import { describe, expect, it } from "vitest";
import { resolveConfig, SCHEDULE_SETTINGS, type ScheduleSettings } from "../config/index.ts";
import { runEnvironment } from "./environment.ts";
import { shownPath } from "./shown.ts";
import { fillIn, readDefinitions } from "./definition.ts";
import { Occurrences } from "./occurrences.ts";

const berlin = (every: string): Occurrences => new Occurrences(every, "Europe/Berlin", "schedules.x");
function times(every: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (let at: Date | undefined = berlin(every).after(new Date(from)); at !== undefined && found.length < count; at = berlin(every).after(at)) found.push(at.toISOString().slice(0, 16));
  return found;
}

describe("in Europe/Berlin", () => {
  it("a time in the hour that spring leaves out is due when that hour would have ended, once", () => {
    expect(times("30 2 * * *", "2026-03-27T12:00:00Z", 3)).toEqual(["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]);
  });
  it("a time in the hour that autumn has twice is due the first time only", () => {
    expect(times("30 2 * * *", "2026-10-23T12:00:00Z", 3)).toEqual(["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]);
  });
  it("every half hour stays every half hour through both", () => {
    expect(times("*/30 * * * *", "2026-03-29T00:00:00Z", 4)).toEqual(["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30", "2026-03-29T02:00"]);
    expect(times("*/30 * * * *", "2026-10-24T23:30:00Z", 6)).toEqual(["2026-10-25T00:00", "2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:00", "2026-10-25T02:30"]);
  });
  it("the first of the month at three is so in summer and in winter", () => {
    expect(times("0 3 1 * *", "2026-09-15T00:00:00Z", 3)).toEqual(["2026-10-01T01:00", "2026-11-01T02:00", "2026-12-01T02:00"]);
  });
  it("what was missed over the change is found again, each time once", () => {
    expect(berlin("30 2 * * *").between(new Date("2026-10-24T00:30:00Z"), new Date("2026-10-26T01:30:00Z"), 10).map((d) => d.toISOString().slice(0, 16))).toEqual(["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]);
    expect(berlin("30 2 * * *").between(new Date("2026-03-28T01:30:00Z"), new Date("2026-03-30T00:29:00Z"), 10).map((d) => d.toISOString().slice(0, 16))).toEqual(["2026-03-28T01:30", "2026-03-29T01:00"]);
    expect(berlin("* * * * *").between(new Date("2026-01-01T00:00:00Z"), new Date("2026-01-02T00:00:00Z"), 3).map((d) => d.toISOString().slice(0, 16))).toEqual(["2026-01-01T23:58", "2026-01-01T23:59", "2026-01-02T00:00"]);
  });
});

async function read(given: object): Promise<ScheduleSettings> {
  return (await resolveConfig(SCHEDULE_SETTINGS, { env: {}, flags: ({ path: [key] }) => (given as Record<string, string>)[key!] })).settings;
}
const VALID = { model: "sales@production", input: "in/{{date}}.csv", output: "out/{{date}}.csv", every: "0 3 1 * *", tz: "Europe/Berlin" };

describe("names with {{...}}", () => {
  it("are filled in from the time that the run is for, in the schedule's time zone", async () => {
    const [definition] = readDefinitions({ sales: await read({ ...VALID, input: "in/{{previous.year}}/{{previous.month}}/*.csv", output: "out/{{ schedule }}-{{date}}T{{hour}}-{{minute}}-{{datetime}}.csv" }) });
    expect(fillIn(definition!, new Date("2026-10-31T23:30:00Z"))).toMatchObject({ input: ["in/2026/10/*.csv"], output: "out/sales-2026-11-01T00-30-20261031T233000Z.csv" });
    expect(fillIn(definition!, new Date("2026-11-01T02:00:00Z"))).toMatchObject({ input: ["in/2026/10/*.csv"], output: "out/sales-2026-11-01T03-00-20261101T020000Z.csv" });
  });
});

describe("a forecast over several steps", () => {
  it("has its own names filled in, and takes no part of its history", async () => {
    const given = { ...VALID, horizon: "6", future: "known/{{year}}.csv" };
    const [definition] = readDefinitions({ sales: await read(given) });
    expect(definition).toMatchObject({ horizon: 6, future: ["known/{{year}}.csv"] });
    expect(fillIn(definition!, new Date("2026-11-01T02:00:00Z")).future).toEqual(["known/2026.csv"]);
    const refused = async (change: object): Promise<unknown> => {
      try {
        return readDefinitions({ sales: await read({ ...given, ...change }) });
      } catch (error) {
        return error;
      }
    };
    expect(await refused({ horizon: undefined })).toMatchObject({ code: "schedule-invalid", where: "schedules.sales.future" });
    expect(await refused({ watermark: "at" })).toMatchObject({ code: "schedule-invalid", where: "schedules.sales.watermark" });
    expect(await refused({ future: "known/{{yeer}}.csv" })).toMatchObject({ code: "schedule-invalid", where: "schedules.sales.future[0]" });
  });
});

describe("what the configuration should not hold", () => {
  it("comes from the environment of the run, and is shown nowhere", async () => {
    const [definition] = readDefinitions({ sales: await read({ ...VALID, input: "postgres://app:{{env.SALES_PASSWORD}}@db/sales?table=coming" }) });
    expect(fillIn(definition!, new Date(0), { SALES_PASSWORD: "s3cret" }).input).toEqual(["postgres://app:s3cret@db/sales?table=coming"]);
    expect(() => fillIn(definition!, new Date(0), {})).toThrow("SALES_PASSWORD is not set");
    expect(["postgres://app:pw@db/x?table=t&password=pw", "https://u:p@host/a.csv?X-Amz-Signature=abc", "s3://bucket/in/{{date}}/*.csv", "in/a@b.csv"].map(shownPath)).toEqual(["postgres://...@db/x?table=t&password=...", "https://...@host/a.csv?...", "s3://bucket/in/{{date}}/*.csv", "in/a@b.csv"]);
    expect(runEnvironment({ PATH: "/bin", AWS_SECRET_ACCESS_KEY: "a", SLIPWAY_DATABASE_URL: "b", SLIPWAY_SECRETS_KEY: "c", SLIPWAY_OIDC_CLIENT_SECRET: "d", SLIPWAY_CACHE: "e" })).toEqual({ PATH: "/bin", AWS_SECRET_ACCESS_KEY: "a", SLIPWAY_CACHE: "e" });
  });
});

describe("a schedule that cannot be", () => {
  it.each<[string, object, string]>([
    ["no cron expression", { every: "every day" }, "five fields"],
    ["a minute that is none", { every: "61 * * * *" }, "minute"],
    ["a day that never comes", { every: "0 0 31 2 *" }, "never due"],
    ["seconds", { every: "* * * * * *" }, "five fields"],
    ["no time zone", { tz: "Europe/Nowhere" }, "time zone"],
    ["a name that is not known", { output: "out/{{dat}}.csv" }, "{{date}}"],
    ["a secret of the server's own", { input: "{{env.SLIPWAY_API_KEY}}" }, "secret of the server"],
    ["a brace too many", { input: "in/{{date}}}}.csv" }, "stands alone"],
    ["one output for all", { output: "out.csv" }, "overwrite: true"],
    ["one output for the runs of a day", { every: "0 * * * *" }, "{{datetime}}"],
    ["an output of no format", { output: "out/{{date}}" }, "cannot be told"],
    ["both watermark and new files", { watermark: "at", newFiles: true, output: "o/{{datetime}}.csv" }, "not by both"],
    ["workers without a database that they share", { on: "postgres" }, "SLIPWAY_DATABASE_URL"],
    ["workers that write into a table", { on: "postgres", output: "postgres://h/d?table=t{{datetime}}" }, "storage that all of them see"],
    ["new rows over old ones", { watermark: "at" }, "{{datetime}}"],
  ])("is refused: %s", async (_what, given, says) => {
    const settings = { ...(await read(VALID)), ...given, ...("input" in given ? { input: [given.input as string] } : {}) };
    let message = "";
    try {
      readDefinitions({ sales: settings as ScheduleSettings });
    } catch (error) {
      message = `${(error as Error).message} ${(error as { hint?: string }).hint ?? ""}`;
    }
    expect(message).toContain(says);
  });
  it("but for an output that may be replaced", async () => {
    expect(readDefinitions({ sales: { ...(await read(VALID)), output: "out.csv", overwrite: true } })).toHaveLength(1);
  });
});
