// Who is the same person: whoever has the same name, in whatever case and form of Unicode, with whatever key or token.

export function personKey(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}

export function samePerson(a: string, b: string): boolean {
  return personKey(a) === personKey(b);
}
