// slipway pack FILE [--check check.csv] [--name N] [-o model.slip]

import { isTensorModel } from "@slipway/core/convert";
import { writeSlip, type Comparison, type Signature } from "@slipway/core/package";
import { basename } from "node:path";
import { locateModel, readModelBytes, type PackOptions } from "../runtime/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { audioFile, imageFile, inputFile, lagsFile, taskOf } from "./input-file.ts";
import { size } from "./size.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { recommendOf, recommendOptions } from "./pack-recommend.ts";
import { readText } from "./read-text.ts";
import { signatureTable } from "./signature-table.ts";
import { passwordOption, signingKeyOf } from "./signing-key.ts";
import { writeFileWhole } from "./write-file.ts";

export const pack: Command = defineCommand({
  name: "pack",
  summary: "one package of the compiled model, its signature and its checks",
  usage: "FILE [--preprocess scaler.pkl] [--check check.csv] [-o model.slip]",
  arguments: [{ name: "FILE", help: "a saved model; FILE#ENTRY where it holds several; a folder of MLflow's, or models:/NAME/VERSION in its store", optional: true }],
  options: {
    model: { type: "string", value: "FILE", help: "the saved model, in place of FILE" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; FILE#ENTRY or #ENTRY where a file holds several; may be repeated, in order" },
    check: { type: "string", value: "FILE", help: "rows (CSV or JSON) with the model's columns and what it predicted in the notebook: run now, kept in the package" },
    training: { type: "string", value: "FILE", help: "rows that the model was trained on (CSV, JSON lines, Parquet ...): the package keeps how they are distributed, to tell when other rows are unlike them; those of --check by default" },
    label: { type: "string", value: "COLUMN", help: "the column of --training that holds what is true, of a model that predicts a number: the package learns how large its errors are, for an estimate where labels are still to come. Rows that it was not trained on tell more" },
    output: { type: "string", short: "o", value: "FILE", help: "where to write the package (NAME.slip by default)" },
    name: { type: "string", value: "NAME", help: "the package's name (from the file's name by default)" },
    version: { type: "string", value: "VERSION", help: "a semantic version (0.0.0 by default)" },
    inputs: { type: "string", value: "FILE", help: 'what the network takes, where its file does not tell (scripted PyTorch models): [{"name": "x", "elem": "float32", "shape": [null, 3, 224, 224]}]' },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    image: { type: "string", value: "FILE", help: "how pictures become the model's tensor: JSON with resize, size, filter, order, scale, mean, std" },
    ...recommendOptions,
    audio: { type: "string", value: "FILE", help: "how sounds become the model's tensor: JSON with rate, samples, standardize, mel; or a preprocessor_config.json of Hugging Face's" },
    task: { type: "string", value: "TASK", help: "what a network that looks at pictures is for: detection, segmentation, embedding, or a file of JSON with task and, of detection, layout, labels, score, iou, most, units, byClass, background, of segmentation layout, output, labels, threshold, of embedding pooling, normalize" },
    lags: { type: "string", value: "FILE", help: "of a model that forecasts: JSON that tells which columns are past values, rolling means, parts of the date, or known beforehand, so that `batch --horizon` makes them of a history" },
    purpose: { type: "string", value: "TEXT", help: "for the model card: what the model is for" },
    owner: { type: "string", value: "TEXT", help: "for the model card: who answers for it" },
    sign: { type: "string", value: "KEY", help: "sign the package with this private key (PEM)" },
    "password-file": passwordOption,
  },
  examples: [
    "slipway pack churn.joblib --check check.csv",
    "slipway pack --preprocess scaler.pkl --model model.h5",
    "slipway pack bundle.pkl --entry model --preprocess '#scaler'",
    "slipway pack price.joblib --training holdout.csv --label price",
    "slipway pack mlruns/0/4f1c/artifacts/model",
    "slipway pack yolov8n.onnx --image letterbox.json --task detection",
    "slipway pack models:/churn/3 --check check.csv",
    "slipway pack sales.joblib --lags lags.json --check check.csv",
    "slipway pack als.pkl --recommend --items items.csv --popularity views",
    "slipway pack user-tower.onnx --recommend --items items.csv --item-tower item-tower.onnx --cold-start refused",
    "slipway pack model.pkl --name churn --version 1.2.0 -o churn-1.2.0.slip",
    "slipway pack churn.joblib --check check.csv --sign release.key",
  ],
  async run(call) {
    const given = call.args[0] ?? call.text("model");
    if (given === undefined) throw usageError("missing-argument", "pack needs FILE", { hint: `slipway pack ${pack.usage}` });
    if (call.args[0] !== undefined && call.text("model") !== undefined) throw usageError("bad-argument", "the model is given twice: as FILE and with --model", { hint: "Give transformers with --preprocess." });
    const { path, entry, mlflow, name, version } = locateModel(given);
    const { packModel } = await import("../runtime/pack.ts");
    const optional = (name: string): Record<string, string> => {
      const v = call.text(name);
      return v === undefined ? {} : { [name]: v };
    };
    const sign = call.text("sign");
    const key = sign === undefined ? undefined : await signingKeyOf(call, sign);
    const line = progress();
    line.update("reading and compiling ...");
    const check = call.text("check");
    const training = call.text("training");
    const label = call.text("label");
    if (label !== undefined && training === undefined) throw usageError("missing-argument", "--label names a column of the rows of --training, which are not given");
    const bytes = await readModelBytes(path);
    const image = call.text("image");
    const task = call.text("task");
    const audio = call.text("audio");
    const inputs = call.text("inputs");
    if (inputs !== undefined && !isTensorModel(bytes)) throw usageError("bad-argument", "--inputs is for networks whose file does not tell what they take; this file tells its columns", { hint: "Leave it out, or: slipway convert FILE -o model.onnx --inputs inputs.json" });
    const recommend = await recommendOf(call);
    const lags = call.text("lags");
    const packed = await packModel(path, bytes, {
      ...(recommend === undefined ? {} : { recommend }),
      prove: true, ...(inputs === undefined ? {} : { inputs: await inputFile(inputs) }),
      ...optional("entry"), ...(entry === undefined ? {} : { entry }), preprocess: call.texts("preprocess"),
      ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }), ...(mlflow === undefined ? {} : { mlflow }), ...optional("name"), ...optional("version"),
      ...(image === undefined ? {} : { image: await imageFile(image) }),
      ...(audio === undefined ? {} : { audio: await audioFile(audio) }),
      ...(task === undefined ? {} : { task: await taskOf(task) }),
      ...(lags === undefined ? {} : { lags: await lagsFile(lags) }),
      facts: { ...optional("purpose"), ...optional("owner") },
      ...(training === undefined ? {} : { training: await trainingRows(training, label) }),
      ...(check === undefined ? {} : { check: { file: check, text: await readText(check) } }),
    }).finally(() => line.done());
    const { manifest, digest, signature, model } = packed.package;
    const output = call.text("output") ?? `${manifest.name}.slip`;
    if (output === path) throw usageError("bad-argument", "the package would overwrite the model file", { hint: "Choose another name with -o." });
    const slip = writeSlip(key === undefined ? packed.package : await (await import("@slipway/core/signing")).signPackage(packed.package, key));
    await writeFileWhole(output, slip);
    const { comparison } = packed;
    if (call.flag("json")) {
      printJson({ output, bytes: slip.length, name: manifest.name, version: manifest.version, digest, signature, notes: packed.notes, ...(key === undefined ? {} : { signedBy: key.publicKey.id }), ...(comparison ? { check: comparison } : {}) });
      return 0;
    }
    for (const note of packed.notes) printNote(`note: ${note}`);
    printResult(`packed ${output}   ${size(slip.length)} (from ${size(bytes.length)}; model ${size(model.length)})\n${manifest.name} ${manifest.version}   ${digest}${key === undefined ? "" : `\nsigned by key ${key.publicKey.id}`}`);
    if (comparison) printResult(`checked ${comparison.rows} rows: ${agreement(comparison, signature)}${comparison.rounded > 0 ? ` (${comparison.rounded} values to the decimals the file has)` : ""}`);
    else printNote("note: nothing was checked; --check check.csv compares with what the notebook predicted");
    printResult(`\n${signatureTable(signature)}\n\nnext: ${signature.forecast === undefined ? `slipway serve ${output}` : `slipway batch ${output} --in history.csv --out forecast.csv --horizon 12`}`);
    return 0;
  },
});

async function trainingRows(file: string, label: string | undefined): Promise<NonNullable<PackOptions["training"]>> {
  const { readRows } = await import("../tables/index.ts");
  const { readTraining } = await import("../gate/index.ts");
  return { file: basename(file), rows: (signature) => readTraining(readRows(file), signature, 1, label), ...(label === undefined ? {} : { label }) };
}

/** How well the numbers agree; beside it how much that is of values which are themselves large. */
function agreement(comparison: Comparison, signature: Signature): string {
  const labels = comparison.outputs.some((o) => signature.outputs.some((s) => s.name === o.output && s.kind === "label"));
  const numbers = comparison.outputs.some((o) => signature.outputs.some((s) => s.name === o.output && s.kind !== "label"));
  const relative = comparison.maxRelative < comparison.maxAbs / 10 ? `, ${comparison.maxRelative.toExponential(1)} of the value` : "";
  const difference = comparison.maxAbs === 0 ? "every number equal" : `largest difference ${comparison.maxAbs.toExponential(1)}${relative}`;
  return [...(labels ? ["every label equal"] : []), ...(numbers ? [difference] : [])].join(", ");
}
