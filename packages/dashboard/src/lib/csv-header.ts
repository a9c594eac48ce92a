// The columns of a CSV (RFC 4180): its first line, quotes taken off.

export function headerOf(text: string): readonly string[] {
  const columns: string[] = [];
  let field = "";
  let quoted = false;
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i <= text.length; i++) {
    const c = text[i];
    if (quoted && c !== undefined) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === undefined || c === "\n" || c === "\r") return [...columns, field.trim()].filter((name) => name !== "");
    else if (c === ",") {
      columns.push(field.trim());
      field = "";
    } else if (c === '"' && field.trim() === "") quoted = true;
    else field += c;
  }
  return columns;
}
