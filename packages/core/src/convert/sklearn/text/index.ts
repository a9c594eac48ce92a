import type { EstimatorConverter } from "../../conversion/contract.ts";
import { hashingVectorizer } from "./hashing-vectorizer.ts";
import { tfidfTransformer } from "./tfidf-transformer.ts";
import { countVectorizer, tfidfVectorizer } from "./vectorizers.ts";

export const textConverters: readonly EstimatorConverter[] = [
  countVectorizer, tfidfVectorizer, tfidfTransformer, hashingVectorizer,
];
