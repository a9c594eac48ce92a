// Users' and items' factors out of a file: implicit (0.7), surprise (1.1), a dict or an .npz of arrays.

import { ZipArchive } from "../../formats/index.ts";
import { arrayFloat64, arrayValues, NumpyArray, NumpyScalar, PyDict, PyList, PyObject, PyTuple, NumpyDType, readNpy, type PyValue } from "../../pickle/index.ts";
import { convertError } from "../conversion/errors.ts";
import { describe, Estimator, type Matrix } from "../conversion/estimator.ts";

/** score(u, i) = users[u] . items[i] + userBias[u] + itemBias[i] + mean */
export interface FactorModel {
  /** "implicit.cpu.als.AlternatingLeastSquares", "dict". */
  readonly className: string;
  readonly users: Matrix;
  readonly items: Matrix;
  readonly userBias?: Float64Array | undefined;
  readonly itemBias?: Float64Array | undefined;
  readonly mean: number;
  /** By row; undefined: the file has none. */
  readonly userIds?: readonly string[] | undefined;
  readonly itemIds?: readonly string[] | undefined;
  /** How often each item was in the training. */
  readonly popularity?: Float64Array | undefined;
}

const OBJECTS = new NumpyDType("O", 8);

type Arrays = (name: string) => NumpyArray | number | undefined;

const DEEPEST = 4;
const HINT = "Slipway reads the factors of implicit and surprise, and np.savez(file, user_factors=..., item_factors=..., user_ids=..., item_ids=...). A model that gives a vector is packed with --items and --item-vectors.";

/** undefined: it holds none. @throws recommend-factors, recommend-unsupported */
export function factorsOf(value: PyValue): FactorModel | undefined {
  const found = find(value, 0);
  return found === undefined ? undefined : checked(found);
}

/** Of an .npz. @throws recommend-factors, zip-damaged, pickle-bad-array */
export function factorsOfArchive(bytes: Uint8Array): FactorModel {
  const zip = new ZipArchive(bytes);
  const read: Arrays = (name) => {
    const content = zip.read(`${name}.npy`);
    return content === undefined ? undefined : readNpy(content);
  };
  if (!zip.has("user_factors.npy") || !zip.has("item_factors.npy")) throw convertError("recommend-factors", `the archive has ${zip.names.slice(0, 20).join(", ")}, and no user_factors.npy and item_factors.npy`, { hint: HINT });
  return checked(plain("numpy.savez", read));
}

function find(value: PyValue, depth: number): FactorModel | undefined {
  if (depth > DEEPEST) return undefined;
  if (value instanceof PyObject && value.attributes !== undefined) return ofObject(new Estimator(value, value.classGlobal?.name ?? "model"));
  if (value instanceof PyDict) {
    if (value.has("user_factors") && value.has("item_factors")) return plain("dict", (name) => { const v = value.get(name); return v instanceof NumpyArray ? v : v instanceof NumpyScalar ? Number(v.value) : typeof v === "number" ? v : v instanceof PyList ? listed(v) : undefined; });
    for (const [, inner] of value.entries()) {
      const found = find(inner, depth + 1);
      if (found) return found;
    }
  }
  if (value instanceof PyList || value instanceof PyTuple) {
    for (const inner of value.items.slice(0, 100)) {
      const found = find(inner, depth + 1);
      if (found) return found;
    }
  }
  return undefined;
}

function ofObject(model: Estimator): FactorModel | undefined {
  const library = model.object.classGlobal?.module.split(".")[0];
  if (library === "implicit" && model.has("user_factors") && model.has("item_factors")) return { className: model.qualifiedName, users: model.matrix("user_factors"), items: model.matrix("item_factors"), mean: 0 };
  if (library !== "surprise" || !model.has("pu")) return undefined;
  if (model.className === "SVDpp") throw convertError("recommend-unsupported", "SVDpp adds what a user has rated to the user's factors, and that is not in them", { where: model.path, hint: "Train surprise's SVD, or implicit's AlternatingLeastSquares." });
  const biased = model.bool("biased", false);
  const trainset = model.estimator("trainset");
  const ids = (name: string): string[] => {
    const places = [...trainset.dict(name).entries()].map(([raw, inner]): [string, number] => [idOf(raw), Number(inner instanceof NumpyScalar ? inner.value : inner)]);
    const list: string[] = [];
    for (const [id, place] of places) list[place] = id;
    return list;
  };
  const rated = trainset.has("ir") ? [...trainset.dict("ir").entries()] : [];
  const popularity = new Float64Array(model.matrix("qi").shape[0] ?? 0);
  for (const [place, ratings] of rated) popularity[Number(place)] = ratings instanceof PyList ? ratings.items.length : 0;
  return {
    className: model.qualifiedName, users: model.matrix("pu"), items: model.matrix("qi"), mean: biased ? trainset.number("_global_mean") : 0,
    ...(biased ? { userBias: model.vector("bu"), itemBias: model.vector("bi") } : {}),
    userIds: ids("_raw2inner_id_users"), itemIds: ids("_raw2inner_id_items"), ...(rated.length === 0 ? {} : { popularity }),
  };
}

function plain(className: string, read: Arrays): FactorModel {
  const array = (name: string): NumpyArray | undefined => {
    const found = read(name);
    return found instanceof NumpyArray ? found : undefined;
  };
  const matrix = (name: string): Matrix => ({ shape: array(name)?.shape ?? [], data: array(name) === undefined ? new Float64Array(0) : arrayFloat64(array(name)!) });
  const numbers = (name: string): Float64Array | undefined => (array(name) === undefined ? undefined : arrayFloat64(array(name)!));
  const ids = (name: string): string[] | undefined => (array(name) === undefined ? undefined : arrayValues(array(name)!).map(idOf));
  const mean = read("global_bias") ?? read("global_mean") ?? 0;
  return {
    className, users: matrix("user_factors"), items: matrix("item_factors"), userBias: numbers("user_biases"), itemBias: numbers("item_biases"),
    mean: typeof mean === "number" ? mean : arrayFloat64(mean)[0] ?? 0, userIds: ids("user_ids"), itemIds: ids("item_ids"), popularity: numbers("item_popularity"),
  };
}

/** A list of ids beside the arrays of a dict. */
function listed(list: PyList): NumpyArray | undefined {
  return list.items.length === 0 ? undefined : new NumpyArray(OBJECTS, [list.items.length], false, new Uint8Array(0), list.items);
}

/** As it is asked for: a text, or a whole number in decimal. */
function idOf(value: PyValue): string {
  const id = value instanceof NumpyScalar ? value.value : value;
  if (typeof id === "string" && id !== "") return id;
  if (typeof id === "bigint" || (typeof id === "number" && Number.isSafeInteger(id))) return String(id);
  throw convertError("recommend-factors", `an id is ${describe(id)}, which is neither a text nor a whole number`, { hint: "Make the ids texts before they are saved." });
}

function checked(model: FactorModel): FactorModel {
  const { users, items, userIds, itemIds, userBias, itemBias, popularity } = model;
  const wrong = (message: string): Error => convertError("recommend-factors", message, { where: model.className, hint: HINT });
  for (const [name, { shape, data }] of [["users", users], ["items", items]] as const) {
    if (shape.length !== 2 || shape[0] === 0 || shape[1] === 0) throw wrong(`the factors of the ${name} have the shape (${shape.join(", ")}), where (${name}, factors) is expected`);
    if (!data.every(Number.isFinite)) throw wrong(`the factors of the ${name} hold NaN or infinity`);
  }
  if (users.shape[1] !== items.shape[1]) throw wrong(`a user has ${users.shape[1]} factors and an item ${items.shape[1]}`);
  for (const [name, list, count] of [["user ids", userIds, users.shape[0]], ["user biases", userBias, users.shape[0]], ["item ids", itemIds, items.shape[0]], ["item biases", itemBias, items.shape[0]], ["popularities", popularity, items.shape[0]]] as const) {
    if (list !== undefined && list.length !== count) throw wrong(`there are ${list.length} ${name} for ${count} rows of factors`);
  }
  for (const ids of [userIds, itemIds]) {
    if (ids?.includes(undefined as never) === true) throw wrong("a row of factors has no id");
    if (ids !== undefined && new Set(ids).size < ids.length) throw wrong("an id is there twice");
  }
  for (const [name, numbers] of [["user biases", userBias], ["item biases", itemBias], ["popularities", popularity], ["mean", [model.mean]]] as const) {
    if (numbers?.every(Number.isFinite) === false) throw wrong(`the ${name} hold NaN or infinity`);
  }
  return model;
}
