// The door for React Native: a package that is part of the app's script, opened on its own thread. Hermes has no Web Crypto, no
// WebAssembly and no modules by address; what of these the package needs comes from the files beside this one.

import type { ImageOptions, PredictedRow, RowError } from "@slipway/core/predict";
import { edgeError } from "../errors.ts";
import * as media from "../media.ts";
import { openModel } from "../open-model.ts";
import { openOrtSession, type Ort } from "../ort-session.ts";
import { pixelsOf } from "../pixels.ts";
import type { EdgeModel, OpenOptions, PictureSource, PredictOptions } from "../types.ts";
import { fromBase64 } from "./base64.ts";

export interface NativeOptions extends Pick<OpenOptions, "digest" | "engine" | "checks"> {
  /** What onnxruntime-react-native exports; for models that our own kernel does not take. */
  readonly runtime?: Pick<Ort, "Tensor" | "InferenceSession"> | undefined;
  /** Of ONNX Runtime: `["cpu"]` by default. Others may answer otherwise; the checked rows tell. */
  readonly executionProviders?: readonly string[] | undefined;
}

/** @param data the package, in base64 @throws SlipwayError package-*, edge-integrity, edge-check-differs, edge-runtime-missing, runtime-load-failed */
export async function open(data: string, { runtime, executionProviders = ["cpu"], ...options }: NativeOptions = {}): Promise<EdgeModel> {
  const model = await openModel(fromBase64(data), options, {
    openRuntime: async (bytes) => {
      if (runtime === undefined) throw edgeError("edge-runtime-missing", "the model needs ONNX Runtime, and onnxruntime-react-native was not given", { hint: "Run `npm install onnxruntime-react-native` in the app, and write the folder anew: slipway edge --target react-native." });
      return openOrtSession(runtime, bytes, executionProviders);
    },
    verify: () => Promise.reject(edgeError("edge-no-signatures", "signatures are not verified on React Native, which has no Web Crypto", { hint: "The package is part of the app, whose own signature the system verifies; verify the package when the app is built: slipway verify." })),
    media: () => Promise.resolve(media),
  });
  const predictImage = model.predictImage.bind(model);
  return Object.assign(model, {
    thread: "caller" as const,
    predictImage: async (pictures: PictureSource | readonly PictureSource[], more?: ImageOptions & PredictOptions): Promise<(PredictedRow | RowError)[]> => predictImage(pixelsOf(pictures), more),
  });
}
