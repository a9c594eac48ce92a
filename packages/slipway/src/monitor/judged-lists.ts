// Lists and what was chosen of them, from kept answers and labels: of a model that answers with lists each answer is one; of a
// model whose score ranks the rows of a request they are made of these rows.

import { listMetrics, rankingMetrics, type JudgedList, type Metric } from "@slipway/core/stats";
import type { Task } from "./subject.ts";

interface AnswerWithLabel {
  /** `<prediction id>-<row>`. */
  readonly id: string;
  readonly answer: string;
  readonly label: string;
}

/** Items of a label: a JSON list of them, or one by itself. */
export function chosenOf(label: string): readonly string[] {
  return listIn(label) ?? [label];
}
/** undefined: it is no list. */
export function listIn(text: string): readonly string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const list = JSON.parse(text) as unknown;
    return Array.isArray(list) && list.every((item) => typeof item === "string" || typeof item === "number") ? list.map(String) : undefined;
  } catch {
    return undefined;
  }
}

/** What a row of a ranked request is worth: 0 or more; NaN where the label tells no number. */
function worthOf(label: string): number {
  const worth = label.trim() === "" ? NaN : Number(label);
  return worth >= 0 ? worth : NaN;
}
/** Rows of one request that are ranked beside each other, the best first; those without a score or worth are left out. */
function groupsOf<T extends AnswerWithLabel>(rows: readonly T[]): (readonly (T & { readonly score: number; readonly worth: number })[])[] {
  const groups = new Map<string, (T & { readonly score: number; readonly worth: number })[]>();
  for (const row of rows) {
    const [score, worth] = [Number(row.answer), worthOf(row.label)];
    if (!Number.isFinite(score) || Number.isNaN(worth)) continue;
    const request = row.id.slice(0, row.id.lastIndexOf("-"));
    const known = groups.get(request);
    if (known === undefined) groups.set(request, [{ ...row, score, worth }]);
    else known.push({ ...row, score, worth });
  }
  return [...groups.values()].map((group) => group.sort((a, b) => b.score - a.score || a.worth - b.worth));
}

export interface RankingFigures {
  /** Answers, or requests, that were judged. */
  readonly judged: number;
  /** In how many of them something was chosen. */
  readonly hits: number;
  /** Labels that say nothing here. */
  readonly strange: number;
  readonly metrics: readonly Metric[];
}
export function rankingFigures(task: Extract<Task, { kind: "ranking" }>, rows: readonly AnswerWithLabel[]): RankingFigures {
  if (task.of === "items") {
    const lists = rows.flatMap(({ answer, label }): JudgedList[] => {
      const items = listIn(answer);
      return items === undefined ? [] : [{ items, chosen: chosenOf(label) }];
    });
    const hits = lists.filter(({ items, chosen }) => chosen.some((c) => items.includes(c))).length;
    return { judged: lists.length, hits, strange: rows.length - lists.length, metrics: listMetrics(lists) };
  }
  const groups = groupsOf(rows).filter((group) => group.length > 1);
  const flat = groups.flatMap((group, at) => group.map((row) => ({ ...row, at })));
  return {
    judged: groups.length, hits: groups.filter((group) => group.some((r) => r.worth > 0)).length, strange: rows.filter((r) => Number.isNaN(worthOf(r.label))).length,
    metrics: rankingMetrics(flat.map((r) => r.worth), flat.map((r) => r.score), flat.map((r) => r.at)),
  };
}

/** Requests whose rows are ranked, each as one answer: the list of its rows, and those that are worth something. */
export function asLists<T extends AnswerWithLabel & { readonly receivedAt: string }>(rows: readonly T[]): T[] {
  return groupsOf(rows).filter((group) => group.length > 1).map((group) => ({
    ...group[0]!, answer: JSON.stringify(group.map((r) => r.id)), label: JSON.stringify(group.filter((r) => r.worth > 0).map((r) => r.id)),
    receivedAt: group.reduce((latest, r) => (r.receivedAt > latest ? r.receivedAt : latest), ""),
  }));
}
