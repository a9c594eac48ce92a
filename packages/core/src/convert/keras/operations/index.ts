// Every operation that is compiled as a node of its own.

import type { LayerDefinition } from "../layer.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SHAPES } from "./shapes.ts";

export const OPERATIONS: readonly LayerDefinition[] = [...ELEMENTWISE, ...REDUCTIONS, ...SHAPES];
