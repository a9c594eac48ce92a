// Who is the same person: the server compares names in the same way.

export function samePerson(a: string, b: string): boolean {
  return fold(a) === fold(b);
}
function fold(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}
