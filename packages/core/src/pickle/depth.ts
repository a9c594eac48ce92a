// How deep values lie in one another. Python's pickler descends the same way with its own recursion limit, so what it wrote
// stays far below ours; without this bound a crafted file could make whoever walks the values recurse without end.

import { overLimit, type PickleLimits } from "./limits.ts";
import {
  NumpyArray, NumpyScalar, PyDict, PyList, PyObject, PySet, PyTuple, SparseMatrix, type PyValue,
} from "./values.ts";

/** The values directly inside a value that may hold others themselves. */
export function children(value: PyValue): readonly PyValue[] {
  if (value instanceof PyTuple || value instanceof PyList || value instanceof PySet) return value.items;
  if (value instanceof PyDict) return withoutPlain(value);
  if (value instanceof NumpyArray) return value.objects ?? [];
  if (value instanceof NumpyScalar) return [value.value];
  if (value instanceof SparseMatrix) return Object.values(value.parts);
  if (!(value instanceof PyObject)) return [];
  const inside: PyValue[] = [value.callable, value.args];
  if (value.kwargs) inside.push(value.kwargs);
  if (value.state !== undefined) inside.push(value.state);
  if (value.listItems) inside.push(new PyList(value.listItems));
  if (value.dictItems) inside.push(value.dictItems);
  return inside;
}

/** Keys and values: the dict of a vocabulary or of settings is mostly texts and numbers. */
function withoutPlain(dict: PyDict): readonly PyValue[] {
  const inside: PyValue[] = [];
  for (const [key, value] of dict.entries()) {
    if (!isPlain(key)) inside.push(key);
    if (!isPlain(value)) inside.push(value);
  }
  return inside;
}

function isPlain(value: PyValue): boolean {
  return value === null || typeof value !== "object";
}

/** Depth-first, each value once, without recursion. */
export function checkDepth(root: PyValue, limits: PickleLimits): void {
  if (isPlain(root)) return;
  const seen = new Set<PyValue>([root]);
  const path: { readonly inside: readonly PyValue[]; next: number }[] = [{ inside: children(root), next: 0 }];
  while (path.length > 0) {
    const here = path[path.length - 1]!;
    if (here.next === here.inside.length) {
      path.pop();
      continue;
    }
    const value = here.inside[here.next++]!;
    if (isPlain(value) || seen.has(value)) continue;
    seen.add(value);
    const inside = children(value);
    if (inside.length === 0) continue;
    if (path.length >= limits.depth) overLimit("depth", path.length + 1, limits, 0);
    path.push({ inside, next: 0 });
  }
}
