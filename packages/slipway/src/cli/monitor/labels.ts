// slipway monitor labels --from postgres://... --query SQL

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSqlAddress, newerRows, parseSqlAddress, spoolSql } from "../../batch/index.ts";
import { readRows } from "../../tables/index.ts";
import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { LABEL_OPTIONS, labelColumns, labelsText, sendRows } from "./feedback.ts";
import { monitorSource, SOURCE_OPTIONS } from "./source.ts";

export const labels: Command = defineCommand({
  name: "monitor labels",
  summary: "labels from a database: what a query says turned out to be true of predictions; again and again only what is new",
  usage: '--from postgres://... --query "select ..." [--key-column COLUMN] [--watermark COLUMN]',
  arguments: [],
  options: {
    ...SOURCE_OPTIONS, ...LABEL_OPTIONS,
    from: { type: "string", value: "ADDRESS", help: "postgres://USER@HOST/NAME, sqlite:PATH or duckdb:PATH; with ?table=NAME in the place of --query" },
    query: { type: "string", value: "SQL", help: "what gives the rows, in the database's own words" },
    watermark: { type: "string", value: "COLUMN", help: "a column that grows, such as a time: the next run takes only rows beyond the highest value that this one saw. It is kept in the store" },
  },
  examples: ['slipway monitor labels --from postgres://reader@db/shop --query "select customer_id, churned, decided_at from outcomes" --key-column customer_id --label-column churned --watermark decided_at --store monitor.db', "slipway monitor labels --from sqlite:shop.db?table=outcomes --key-column customer_id --label-column churned --server http://127.0.0.1:8080"],
  async run(call) {
    const [from, query, column] = [call.text("from"), call.text("query"), call.text("watermark")];
    if (from === undefined || !isSqlAddress(from)) throw usageError(from === undefined ? "missing-argument" : "bad-argument", "monitor labels needs --from ADDRESS, of a database", { hint: "postgres://USER@HOST/NAME, sqlite:PATH or duckdb:PATH. Labels in a file: slipway monitor feedback FILE." });
    const address = parseSqlAddress(from);
    const columns = labelColumns(call);
    const source = await monitorSource(call);
    const work = mkdtempSync(join(tmpdir(), "slipway-labels-"));
    try {
      if (column !== undefined && source.watermarks === undefined) throw usageError("bad-argument", "--watermark is kept in the store, which a service does not show", { hint: "Name the store itself: --store PATH or postgres://... Without --watermark all rows are sent, and those that are known change nothing." });
      // Another query of the same database is another source.
      const name = createHash("sha256").update(JSON.stringify([address.shown, query ?? null, column ?? null, columns])).digest("hex");
      const newer = column === undefined ? undefined : await newerRows({ input: [from], query, column, after: await source.watermarks!.get(name) });
      const path = join(work, "labels.parquet");
      const nothing = newer !== undefined && newer.query === undefined;
      if (!nothing) await spoolSql(newer === undefined ? address : { ...address, table: undefined }, newer?.query ?? query, undefined, path, work);
      const total = await sendRows(source, nothing ? none() : readRows(path), columns);
      if (newer?.watermark != null) await source.watermarks!.set(name, newer.watermark);
      if (call.flag("json")) printJson({ ...total, ...(newer === undefined ? {} : { watermark: newer.watermark, without: newer.without }) });
      else printResult(`${labelsText(total)}${newer === undefined ? "" : newer.watermark === null ? "; nothing is new" : `; up to ${column} ${newer.watermark}`}${newer !== undefined && newer.without > 0 ? `; ${newer.without} rows have no ${column}, and are never taken` : ""}`);
      return 0;
    } finally {
      await source.close();
      rmSync(work, { recursive: true, force: true });
    }
  },
});

// eslint-disable-next-line require-yield -- there is nothing
async function* none(): AsyncGenerator<never> {}
