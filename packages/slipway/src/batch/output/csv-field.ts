// A value as a field of CSV after RFC 4180: what is missing is an empty field, an empty text is "".

export function csvField(value: string | number | boolean | null | object): string {
  if (value === null) return "";
  if (value === "") return '""';
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",;\t\r\n]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
