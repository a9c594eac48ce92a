// The operators of ONNX Runtime's own domain com.microsoft that Slipway uses (onnxruntime 1.30, docs/ContribOperators.md).

import type { SchemaRow } from "../schema.ts";

export const CONTRIB: readonly SchemaRow[] = [
  ["CDist", 1, "A:T B:T", "C:T", [2, 2, 1, 1], "T=float,double", ["metric:string!"]],
  ["MurmurHash3", 1, "X:T1", "Y:T2", [1, 1, 1, 1], "T1=uint32,int32,uint64,int64,float,double,string T2=int32,uint32", ["positive:int=1", "seed:int=0"]],
  ["Tokenizer", 1, "X:T", "Y:T", [1, 1, 1, 1], "T=string",
    ["mark:int!", "mincharnum:int!", "pad_value:string!", "separators:strings", "tokenexp:string"]],
];
