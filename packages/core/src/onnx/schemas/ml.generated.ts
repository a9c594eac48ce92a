// Operators of ai.onnx.ml 5: written by scripts/make-onnx-schemas.py from the onnx package; do not edit.
// name, since, inputs, outputs, fewest and most inputs and outputs, types of each type variable, attributes.

import type { SchemaRow } from "../schema.ts";

export const ML: readonly SchemaRow[] = [
  ["ArrayFeatureExtractor", 1, "X:T Y:int64", "Z:T", [2, 2, 1, 1], "T=float,double,int32,int64,string", []],
  ["Binarizer", 1, "X:T", "Y:T", [1, 1, 1, 1], "T=float,double,int32,int64", ["threshold:float=0.0"]],
  ["CastMap", 1, "X:T1", "Y:T2", [1, 1, 1, 1], "T1= T2=float,int64,string", ["cast_to:string=\"TO_FLOAT\"", "map_form:string=\"DENSE\"", "max_map:int=1"]],
  ["CategoryMapper", 1, "X:T1", "Y:T2", [1, 1, 1, 1], "T1=int64,string T2=int64,string", ["cats_int64s:ints", "cats_strings:strings", "default_int64:int=-1", "default_string:string=\"_Unused\""]],
  ["DictVectorizer", 1, "X:T1", "Y:T2", [1, 1, 1, 1], "T1= T2=float,double,int64,string", ["int64_vocabulary:ints", "string_vocabulary:strings"]],
  ["FeatureVectorizer", 1, "X*:T1", "Y:float", [1, -1, 1, 1], "T1=float,double,int32,int64", ["inputdimensions:ints"]],
  ["Imputer", 1, "X:T", "Y:T", [1, 1, 1, 1], "T=float,double,int32,int64", ["imputed_value_floats:floats", "imputed_value_int64s:ints", "replaced_value_float:float=0.0", "replaced_value_int64:int=0"]],
  ["LabelEncoder", 4, "X:T1", "Y:T2", [1, 1, 1, 1], "T1=float,double,int16,int32,int64,string T2=float,double,int16,int32,int64,string", ["default_float:float=-0.0", "default_int64:int=-1", "default_string:string=\"_Unused\"", "default_tensor:tensor", "keys_floats:floats", "keys_int64s:ints", "keys_strings:strings", "keys_tensor:tensor", "values_floats:floats", "values_int64s:ints", "values_strings:strings", "values_tensor:tensor"]],
  ["LinearClassifier", 1, "X:T1", "Y:T2 Z:float", [1, 1, 2, 2], "T1=float,double,int32,int64 T2=int64,string", ["classlabels_ints:ints", "classlabels_strings:strings", "coefficients:floats!", "intercepts:floats", "multi_class:int=0", "post_transform:string=\"NONE\""]],
  ["LinearRegressor", 1, "X:T", "Y:float", [1, 1, 1, 1], "T=float,double,int32,int64", ["coefficients:floats", "intercepts:floats", "post_transform:string=\"NONE\"", "targets:int=1"]],
  ["Normalizer", 1, "X:T", "Y:float", [1, 1, 1, 1], "T=float,double,int32,int64", ["norm:string=\"MAX\""]],
  ["OneHotEncoder", 1, "X:T", "Y:float", [1, 1, 1, 1], "T=float,double,int32,int64,string", ["cats_int64s:ints", "cats_strings:strings", "zeros:int=1"]],
  ["SVMClassifier", 1, "X:T1", "Y:T2 Z:float", [1, 1, 2, 2], "T1=float,double,int32,int64 T2=int64,string", ["classlabels_ints:ints", "classlabels_strings:strings", "coefficients:floats", "kernel_params:floats", "kernel_type:string=\"LINEAR\"", "post_transform:string=\"NONE\"", "prob_a:floats", "prob_b:floats", "rho:floats", "support_vectors:floats", "vectors_per_class:ints"]],
  ["SVMRegressor", 1, "X:T", "Y:float", [1, 1, 1, 1], "T=float,double,int32,int64", ["coefficients:floats", "kernel_params:floats", "kernel_type:string=\"LINEAR\"", "n_supports:int=0", "one_class:int=0", "post_transform:string=\"NONE\"", "rho:floats", "support_vectors:floats"]],
  ["Scaler", 1, "X:T", "Y:float", [1, 1, 1, 1], "T=float,double,int32,int64", ["offset:floats", "scale:floats"]],
  ["TreeEnsemble", 5, "X:T", "Y:T", [1, 1, 1, 1], "T=float,double,float16", ["aggregate_function:int=1", "leaf_targetids:ints!", "leaf_weights:tensor!", "membership_values:tensor", "n_targets:int", "nodes_falseleafs:ints!", "nodes_falsenodeids:ints!", "nodes_featureids:ints!", "nodes_hitrates:tensor", "nodes_missing_value_tracks_true:ints", "nodes_modes:tensor!", "nodes_splits:tensor!", "nodes_trueleafs:ints!", "nodes_truenodeids:ints!", "post_transform:int=0", "tree_roots:ints!"]],
  ["ZipMap", 1, "X:float", "Z:T", [1, 1, 1, 1], "T=", ["classlabels_int64s:ints", "classlabels_strings:strings"]],
];
