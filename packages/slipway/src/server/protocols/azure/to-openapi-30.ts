// JSON Schema as OpenAPI 3.1 has it -> the older dialect of OpenAPI 3.0 and Swagger 2.0: one type each, no examples
// beside it, no null.

type Json = Readonly<Record<string, unknown>>;

export function toOpenApi30(schema: Json): Json {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    switch (key) {
      case "type": Object.assign(out, typeOf(value)); break;
      case "examples": if (Array.isArray(value)) out["example"] = value[0]; break;
      case "items": out["items"] = toOpenApi30(value as Json); break;
      case "properties": out["properties"] = Object.fromEntries(Object.entries(value as Record<string, Json>).map(([name, inner]) => [name, toOpenApi30(inner)])); break;
      case "enum": out["enum"] = (value as unknown[]).filter((v) => v !== null); break;
      case "required": if ((value as unknown[]).length > 0) out["required"] = value; break;
      default: out[key] = value;
    }
  }
  return out;
}

/** Several types besides null cannot be told here: none is told then. */
function typeOf(value: unknown): Json {
  if (!Array.isArray(value)) return { type: value };
  const types = value.filter((t) => t !== "null");
  return { ...(types.length === 1 ? { type: types[0] } : {}), ...(types.length < value.length ? { "x-nullable": true } : {}) };
}
