// How many of something, for people: 1 model, 2 models, 1 entry, 2 entries.

export function counted(n: number, one: string, many: string = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
