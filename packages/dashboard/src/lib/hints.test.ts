import { expect, it } from "vitest";
import { hintForPeople } from "./hints.ts";

it.each([
  ["registry-not-found", "slipway registry list shows the models.", "It may have another name, or was never offered. The page Models lists what there is."],
  ["policy-unmet", undefined, "The request's page lists what is missing, and who can give it."],
  ["unheard-of", "slipway registry versions churn lists them.", undefined],
  ["unheard-of", "Check the columns. slipway inspect FILE shows them.", "Check the columns."],
  ["unheard-of", "Pack it with --name, or offer it elsewhere.", undefined],
  ["unheard-of", "Set SLIPWAY_API_KEY. Then ask again.", "Then ask again."],
  ["unheard-of", "POST /api/v1/models/churn/versions/1/gate runs it.", undefined],
  ["unheard-of", "Send a number from 0 to 1, not a text.", "Send a number from 0 to 1, not a text."],
  ["constructor", undefined, undefined],
])("%s, %j", (code, hint, said) => expect(hintForPeople(code, hint)).toBe(said));
