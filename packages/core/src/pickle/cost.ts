// How memory is accounted for.

/** What things cost in V8, roughly, in bytes; measured with files that hold millions of each. */
export const cost = {
  string: 32, integer: 24, number: 16, bytes: 190, list: 100, firstItem: 160, tuple: 130, dict: 48, firstEntry: 180, entry: 90, object: 180, mark: 24, item: 8,
} as const;
