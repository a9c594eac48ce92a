// Errors of batch runs.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "batch-input-missing": { kind: "not-found", doc: "The input names no file: check the path or the pattern." },
  "batch-input-format": { kind: "invalid", doc: "The input's format cannot be told from its name, or is not understood. Name it with --format." },
  "batch-input-columns": { kind: "invalid", doc: "The input does not have the columns that the model needs, or its files differ in their columns." },
  "batch-input-damaged": { kind: "invalid", doc: "The input cannot be read further: it is cut off, or is not what its name says." },
  "batch-source-address": { kind: "usage", doc: "An address in --in or --out is not one, or names a kind of source that is not known." },
  "batch-sql": { kind: "invalid", doc: "A database refuses a query, or its result or its table is not what a run can use. The message is the database's own." },
  "batch-source-unavailable": { kind: "unavailable", doc: "A source or a destination elsewhere (a bucket, HTTP, a database) cannot be reached, or answers with errors however often it is asked. What is committed stays; --resume goes on." },
  "batch-source-denied": { kind: "unauthenticated", doc: "A source or a destination elsewhere does not accept the credentials, or there are none; or a role, a container or a token that was to give some does not." },
  "batch-source-changed": { kind: "conflict", doc: "A source elsewhere is not what it was when the run began: its ETag, its generation, its date or its size is another. Begin anew with --overwrite." },
  "batch-source-limit": { kind: "limit", doc: "A source elsewhere is larger than there is room for its copy, or a listing names more objects than a run takes." },
  "batch-output-exists": { kind: "conflict", doc: "There is an output already. Choose another name, --resume the run that was stopped, or --overwrite it." },
  "batch-output-format": { kind: "usage", doc: "The output's format cannot be told from its name. It ends in .csv, .tsv, .jsonl, .parquet, or is a folder with --to." },
  "batch-output-failed": { kind: "unavailable", doc: "The output cannot be written: the disk is full or the folder is not writable. What is committed stays; --resume goes on." },
  "batch-run-other": { kind: "conflict", doc: "The run that was stopped there had another model, other input or other options: its parts do not fit these." },
  "batch-run-unreachable": { kind: "not-found", doc: "The folder or the objects of a run that many processes work on are not there. Mount the storage that it was made on at the same path; a run that is over leaves nothing." },
  "batch-run-damaged": { kind: "invalid", doc: "What describes a run that many processes work on is not what a run writes. Begin anew with --overwrite." },
  "batch-run-unknown": { kind: "not-found", doc: "The database knows no such run: it is another database than the one that the run was made in, or the run was removed. Begin anew with --overwrite." },
  "batch-input-changed": { kind: "conflict", doc: "A file of the input is not what it was when the run was made. Leave the input alone while a run goes on; begin anew with --overwrite." },
  "batch-package-differs": { kind: "invalid", doc: "The package in the run's folder is not the one that the run was made with. Begin anew with --overwrite." },
  "batch-duckdb": { kind: "unavailable", doc: "--query, databases and Parquet that is more than columns of numbers, truth values and texts are read with DuckDB, which is not in this installation: images hold it where they are made with `slipway image --with duckdb`. CSV, JSON lines and Arrow need it not." },
  "batch-history-memory": { kind: "limit", doc: "The history of a forecast cannot be sorted in the memory that a run takes for it. Take fewer --threads, or Parquet in place of CSV." },
  "batch-kubectl": { kind: "unavailable", doc: "kubectl is not there, or the cluster refused or did not answer. What is made is kept: --resume goes on." },
  "batch-masks": { kind: "usage", doc: "Masks cannot be written as pictures: the model gives none, the input is no folder of pictures here, or two pictures would have the same mask. The message says which." },
  "batch-job-option": { kind: "usage", doc: "An option of a run on Kubernetes cannot be used: the image, a volume, or a quantity. The message says which." },
  "batch-database-needed": { kind: "usage", doc: "Processes that share a run take its shards from Postgres: set SLIPWAY_DATABASE_URL to postgres://USER:PASSWORD@HOST/NAME." },
  "batch-run-busy": { kind: "conflict", doc: "Another process works on this output now, or has put something else there meanwhile." },
  "batch-errors": { kind: "failed-check", doc: "More rows than --max-errors allows could not be scored. They are in the dead-letter file with their reasons." },
  "batch-retry-record": { kind: "not-found", doc: "The record of the run that wrote a dead-letter file is not beside it, or is none. It says how the rows are read and what is written." },
  "batch-retry-rows": { kind: "invalid", doc: "A line of the dead-letter file is not a row that a run set aside, or was mended into something else than one row." },
  "batch-retry-columns": { kind: "conflict", doc: "The model gives other columns than the run whose rows are tried again: the outputs would not fit together." },
  "batch-worker-failed": { kind: "internal", doc: "A thread that scores rows ended. What is committed stays; --resume goes on." },
} as const;

export const batchError: ErrorMaker<typeof table> = defineErrors(table);
