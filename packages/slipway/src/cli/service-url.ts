// Whether an argument is the address of a running service rather than a file.

export function isUrl(argument: string): boolean {
  return /^https?:\/\//i.test(argument);
}
