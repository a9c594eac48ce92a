import { expect, it } from "vitest";
import { createLog, prettyLine } from "./log.ts";

it("log lines are JSON, or one readable line each on a terminal", () => {
  const lines: string[] = [];
  const line = '{"level":"info","time":"2026-01-31T10:11:12.131Z","request_id":"r","method":"POST","path":"/predict","status":200,"ms":1.5,"rows":3,"msg":"request"}\n';
  createLog({ write: (text) => lines.push(text) }).write(line);
  createLog({ pretty: true, write: (text) => lines.push(text) }).write(line);
  expect(lines[0]).toBe(line);
  expect(lines[1]?.replace(/\x1b\[\d+m/g, "")).toBe("10:11:12.131 info  POST /predict 200 1.5 ms  rows=3\n");
  expect(prettyLine('{"level":"warn","time":"2026-01-31T10:11:12.131Z","model":"a\\u001b[2J\\nb\\u009b","msg":"x\\ry"}\n').replace(/\x1b\[\d+m/g, "")).toBe("10:11:12.131 warn  x\\u000dy  model=a\\u001b[2J\\u000ab\\u009b\n");
  expect(prettyLine("not json")).toBe("not json");
  expect(prettyLine('{"level":"error","time":"2026-01-31T10:11:12.131Z","msg":"x","err":{"stack":"Error: y\\n at z"}}')).toContain("Error: y\n at z");
});
