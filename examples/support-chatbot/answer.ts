// From a question to an answer: what it is about (a classifier), and of the document on that the paragraph that is nearest
// to the question (a search). Below a confidence it says that it does not know.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, type Answers } from "../shared/service.ts";

interface Intent { readonly label: string; readonly probabilities: Readonly<Record<string, number>> }
interface Found { readonly results: readonly { readonly score: number; readonly title: string; readonly text: string }[] }

export interface Answer {
  readonly text: string;
  /** Where it stands. */
  readonly source: string | null;
  readonly intent: string;
  readonly confidence: number;
  readonly understood: boolean;
  /** By which the person's verdict goes to the monitor. */
  readonly prediction: string;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(import.meta.dirname, name), "utf8")) as T;
const answers = read<Record<string, { say: string; document?: string }>>("answers.json");
export const topics: readonly string[] = Object.keys(answers);

const LEAST_CONFIDENCE = 0.5;
/** Cosine of question and paragraph, by the letters they share. */
const LEAST_SIMILARITY = 0.12;
const SORRY = `I am not sure what you mean. I know about ${topics.slice(3).join(", ")}. Please say it in other words, or ask for a person.`;

export async function answer(question: string): Promise<Answer> {
  const intents = await ask<Answers<Intent>>("/models/intents/predict", [question]);
  const { label, probabilities } = intents.predictions[0]!;
  const told = { intent: label, confidence: probabilities[label]!, prediction: `${intents.prediction_id}-0` };
  const { say, document } = answers[label]!;
  const sorry = { ...told, text: SORRY, source: null, understood: false };
  if (told.confidence < LEAST_CONFIDENCE) return sorry;
  if (document === undefined) return { ...told, text: say, source: null, understood: true };
  const { results: [passage] } = await ask<Found>("/models/search/search", { query: question, k: 1, filter: { document } });
  if (passage === undefined || passage.score < LEAST_SIMILARITY) return sorry;
  return { ...told, text: `${say} ${passage.text}`.trim(), source: passage.title, understood: true };
}
