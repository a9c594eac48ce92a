// The command line as its users meet it: in a process of its own, by exit code, stdout and stderr.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const model = join(root, "examples", "churn", "churn.joblib");
const check = join(root, "examples", "churn", "check.csv");
const folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function slipway(args: readonly string[], input = ""): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [bin, ...args], { cwd: folder, input, encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe("wrong use", () => {
  it("shows the commands, and exits 2 when none is given", () => {
    expect(slipway([])).toMatchObject({ code: 2 });
    expect(slipway(["--help"])).toMatchObject({ code: 0, out: expect.stringContaining("inspect") });
  });
  it("suggests the nearest command and option", () => {
    expect(slipway(["serv"]).err).toContain("Did you mean slipway serve?");
    const wrong = slipway(["pack", model, "--chek", check]);
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.err).toContain("Did you mean --check?");
  });
  it("has help with examples for every command", () => {
    for (const name of ["inspect", "convert", "pack", "test", "push", "pull", "predict", "bench", "client", "serve"]) {
      const help = slipway([name, "--help"]);
      expect(help.code).toBe(0);
      expect(help.out).toContain("Examples:");
    }
  });
  it("says what is missing, what is not there, and never shows a stack", () => {
    expect(slipway(["predict", model]).err).toContain("predict needs DATA");
    const absent = slipway(["inspect", "nowhere.pkl"]);
    expect(absent).toMatchObject({ code: 2 });
    expect(absent.err).toContain("[file-not-found]");
    expect(absent.err).not.toMatch(/\n\s+at /);
  });
  it("prints errors as JSON where JSON is asked for", () => {
    const answer = slipway(["inspect", "nowhere.pkl", "--json"]);
    expect(JSON.parse(answer.out)).toMatchObject({ error: { code: "file-not-found" } });
  });
});

describe("predict", () => {
  it("reads CSV, JSON and JSON lines, from a file or standard input, and answers alike", () => {
    const rows = [
      { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: null, support_calls: 2, senior: false },
      { contract: "two years", internet: "none", tenure_months: 60, monthly_charges: 19.9, support_calls: 0, senior: true },
    ];
    const csv = "contract,internet,tenure_months,monthly_charges,support_calls,senior\none year,dsl,14,,2,False\ntwo years,none,60,19.9,0,True\n";
    const answers = [JSON.stringify(rows), rows.map((r) => JSON.stringify(r)).join("\n"), csv].map((data) => slipway(["predict", model, "-", "--json"], data));
    for (const answer of answers) expect(answer.code).toBe(0);
    expect(new Set(answers.map((a) => a.out)).size).toBe(1);
    const parsed = JSON.parse(answers[0]!.out) as { label: string; probabilities: Record<string, number> }[];
    expect(parsed).toHaveLength(2);
    expect(Object.keys(parsed[0]!.probabilities)).toEqual(["leaves", "stays"]);
  });
  it("refuses a bad row with its number, column and reason, or goes on when asked", () => {
    const data = '[{"contract":"one year","internet":"dsl","tenure_months":"long","monthly_charges":1,"support_calls":2,"senior":false},{"contract":"one year","internet":"dsl","tenure_months":3,"monthly_charges":1,"support_calls":2,"senior":false}]';
    const refused = slipway(["predict", model, "-"], data);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain("tenure_months");
    const went = JSON.parse(slipway(["predict", model, "-", "--json", "--keep-going"], data).out) as Record<string, unknown>[];
    expect(went[0]).toHaveProperty("error");
    expect(went[1]).toHaveProperty("label");
  });
  it("lists further problems and shows a valid row", () => {
    const refused = slipway(["predict", model, "-"], '{"contract":"one year","internet":"dsl","tenure_months":"long","monthly_charges":1,"support_calls":"few","senior":false}');
    expect(refused.err).toMatch(/also: row 1, column "support_calls": expected a number or null, found text "few"/);
    expect(refused.err).toMatch(/This is valid: \[\{"contract":/);
  });
  it("refuses rows in another encoding, and files that are no text", () => {
    writeFileSync(join(folder, "latin.csv"), Buffer.from("contract\nm\u00fcnster\n", "latin1"));
    expect(slipway(["predict", model, "latin.csv"])).toMatchObject({ code: 2, err: expect.stringContaining("latin.csv is not UTF-8 [data-not-text]") });
    writeFileSync(join(folder, "utf16.csv"), Buffer.from("\ufeffcontract\nx\n", "utf16le"));
    expect(slipway(["predict", model, "utf16.csv"]).err).toContain("is not UTF-8 [data-not-text]");
    expect(slipway(["predict", model, model]).err).toContain("is not text [data-not-text]");
  });
});

describe("messages on what was given", () => {
  const corpus = fileURLToPath(new URL("../../../../corpus/", import.meta.url));
  it("says the file's size as it lies on the disk, and unpacked", () => {
    const { size } = statSync(model);
    expect(slipway(["inspect", model]).out).toMatch(new RegExp(`^joblib, zlib, protocol 4, ${(size / 1000).toFixed(1)} kB \\(\\d+\\.\\d kB unpacked\\)\n`));
    expect(slipway(["inspect", model]).out).toContain("train_score_=an array of float64, shape (100)");
  });
  it("outlines the JSON that a model of tensors takes, where it gets CSV", () => {
    const { code, err } = slipway(["predict", join(corpus, "cases/tflite-int8-image/model.tflite"), "-"], "a,b\n1,2\n");
    expect(code).toBe(2);
    expect(err).toMatch(/no table: \S+ \[N, \d+, \d+, \d+\] \[request-csv\]/);
    expect(err).toMatch(/JSON of this form is valid: \{"inputs": \{"\S+": \[\[\[\[/);
  });
  it("tells a missing text from an empty one", () => {
    const text = join(corpus, "cases/tfidf-accents-sk15/model.pkl");
    expect(slipway(["predict", text, "-"], "text,other\n,1\n").err).toContain("is an empty text");
    expect(slipway(["predict", text, "-"], 'text,other\n"",1\n').err).not.toContain("missing value");
  });
  it("shows how a file begins that is no model, and which files are", () => {
    writeFileSync(join(folder, "notes.md"), "# Notes\non models\n");
    const { code, err } = slipway(["inspect", "notes.md"]);
    expect(code).toBe(2);
    expect(err).toContain('begins with the text "# Notes\\non models\\n", which is no model format that Slipway knows [format-unknown]');
    expect(err).toContain("XGBoost");
    writeFileSync(join(folder, "noise.bin"), Uint8Array.of(0x01, 0x02, 0xff, 0xfe));
    expect(slipway(["inspect", "noise.bin"]).err).toContain("begins with 01 02 ff fe,");
  });
});

describe("pack", () => {
  it("writes the same bytes every time", () => {
    expect(slipway(["pack", model, "--check", check, "-o", "a.slip"]).code).toBe(0);
    expect(slipway(["pack", model, "--check", check, "-o", "b.slip"]).code).toBe(0);
    expect(readFileSync(join(folder, "a.slip")).equals(readFileSync(join(folder, "b.slip")))).toBe(true);
  });
  it("says how well the numbers agree, and shows flags as true and false", () => {
    const packed = slipway(["pack", model, "--check", check, "-o", "c.slip"]);
    expect(packed.out).toMatch(/checked 60 rows: every label equal, largest difference \d\.\de-\d+\n/);
    expect(packed.out).toMatch(/senior +true or false\n/);
    expect(slipway(["predict", "c.slip", "-"], "{}").code).toBe(2);
  });
  it("says where a text is missing in every row that differs", () => {
    const lines = readFileSync(check, "utf8").trimEnd().split("\n");
    const column = lines[0]!.split(",").indexOf("contract");
    const label = lines[0]!.split(",").indexOf("label");
    const cells = lines[1]!.split(",");
    cells[column] = "";
    cells[label] = "neither";
    writeFileSync(join(folder, "none.csv"), [lines[0], cells.join(","), ...lines.slice(2)].join("\n"));
    expect(slipway(["pack", model, "--check", "none.csv", "-o", "none.slip"]).err).toContain('In every row that differs "contract" is missing.');
  });
  it("refuses a model that does not predict what the check file says, lists the worst rows, and writes nothing", () => {
    const wrong = readFileSync(check, "utf8").replace(",stays,", ",leaves,").replace(/0\.1767\d+/, "0.25");
    writeFileSync(join(folder, "wrong.csv"), wrong);
    const refused = slipway(["pack", model, "--check", "wrong.csv", "-o", "wrong.slip"]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("[check-differs]");
    expect(refused.err).toMatch(/row 1 \(line 2\), label: stays instead of leaves/);
    expect(existsSync(join(folder, "wrong.slip"))).toBe(false);
    expect(readdirSync(folder).filter((f) => f.endsWith(".tmp"))).toEqual([]);
  });
  it("refuses a damaged package by its digest", () => {
    const bytes = readFileSync(join(folder, "a.slip"));
    const at = bytes.indexOf("slipway.numbers");
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(join(folder, "damaged.slip"), bytes);
    const refused = slipway(["inspect", "damaged.slip"]);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/\[package-/);
  });
});

it("inspect shows a file that would run a command, and exits 1", () => {
  // os.system("true"), protocol 0, as text.
  writeFileSync(join(folder, "evil.pkl"), "cposix\nsystem\n(S'touch /tmp/never'\ntR.");
  const shown = slipway(["inspect", "evil.pkl"]);
  expect(shown.code).toBe(1);
  expect(shown.out).toContain("posix.system");
  expect(shown.out).toContain("Nothing of it ran here");
  expect(existsSync("/tmp/never")).toBe(false);
});
