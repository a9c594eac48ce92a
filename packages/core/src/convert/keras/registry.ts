// Every layer that is compiled, by its class name.

import type { LayerDefinition } from "./layer.ts";
import { ATTENTION } from "./layers/attention.ts";
import { CONVOLUTION } from "./layers/convolution.ts";
import { CORE } from "./layers/core.ts";
import { EMBEDDING } from "./layers/embedding.ts";
import { IMAGES } from "./layers/images.ts";
import { HASHING } from "./layers/hashing.ts";
import { LOOKUP } from "./layers/lookup.ts";
import { MERGE } from "./layers/merge.ts";
import { NORMALIZATION } from "./layers/normalization.ts";
import { POOLING } from "./layers/pooling.ts";
import { PREPROCESSING } from "./layers/preprocessing.ts";
import { RECURRENT } from "./layers/recurrent.ts";
import { SHAPE } from "./layers/shape.ts";
import { TEXT } from "./layers/text.ts";
import { OPERATIONS } from "./operations/index.ts";

const definitions: readonly LayerDefinition[] = [...CORE, ...SHAPE, ...CONVOLUTION, ...POOLING, ...MERGE, ...EMBEDDING, ...NORMALIZATION, ...RECURRENT, ...ATTENTION, ...PREPROCESSING, ...LOOKUP, ...HASHING, ...TEXT, ...IMAGES, ...OPERATIONS];

/** Operations are here as "ops.Add" (Keras 3) and "tf.math.add" (Keras 2). */
export const kerasLayers: ReadonlyMap<string, LayerDefinition> = new Map(definitions.flatMap((d) => d.names.map((name) => [name, d])));

/** Keras's own layers that are not compiled: they are refused as such, not as someone's own. */
export const KNOWN_LAYERS: ReadonlySet<string> = new Set([
  "LocallyConnected1D", "LocallyConnected2D", "RandomCrop", "MixUp", "CutMix", "AutoContrast",
  "RandAugment", "AugMix", "Solarization", "Equalization", "STFTSpectrogram", "MelSpectrogram", "FeatureSpace", "StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell",
   "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "TFSMLayer", "Wrapper", "Pipeline", "ReversibleEmbedding",
  "MaxNumBoundingBoxes",
]);
