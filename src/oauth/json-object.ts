/** A JSON object of somebody else's: nothing about its members is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads JSON text that must be an object; undefined when it is not. Never throws. */
export function parseJsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
