import { defineErrors, type ErrorMaker, type SlipwayError } from "../../base/index.ts";

const table = {
  "torch-weights-only": { kind: "unsupported", doc: "A PyTorch file holds weights (a state_dict) without the network. Load them into the network in Python and export that; the message has the lines." },
  "torch-custom-module": { kind: "unsupported", doc: "A PyTorch module was saved whole, but a class in it is someone's own: its code is not in the file. Export it; the message has the line." },
  "torch-operator": { kind: "unsupported", doc: "A PyTorch operator or layer, or one of its options, cannot be compiled. The message names it and, where there is one, the alternative." },
  "torch-training": { kind: "unsupported", doc: "A PyTorch model was saved in training mode, where dropout and batch normalisation depend on chance and on the batch. Call model.eval() and save it again." },
  "torch-control-flow": { kind: "unsupported", doc: "The code of a TorchScript model branches or loops on the data it is given. Trace it with torch.jit.trace, or export it with torch.export." },
  "torch-malformed": { kind: "invalid", doc: "A PyTorch archive contradicts itself: code that is not TorchScript, a tensor outside its storage, an unknown attribute." },
  "torch-limit": { kind: "limit", doc: "A PyTorch archive asks for more steps, code or numbers than a model needs." },
} as const;

export const torchError: ErrorMaker<typeof table> = defineErrors(table);

/** The exact line that exports a model that exists as Python code. */
export const EXPORT_LINE = "In Python: model.eval(); torch.export.save(torch.export.export(model, (example,)), 'model.pt2') or torch.onnx.export(model, (example,), 'model.onnx') or torch.jit.trace(model, example).save('model.pt').";

export const malformed = (message: string, where?: string): SlipwayError => torchError("torch-malformed", message, { where, hint: "Save the model again." });

/** Text of the file, short and printable. */
export function shown(text: string): string {
  return text.slice(0, 120).replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd");
}
