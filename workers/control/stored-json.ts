/** The value of a row's JSON column; its bare text when that is no JSON, so that one damaged row does not hide a whole list. */
export function storedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // not what we wrote: shown as it is
  }
}

/** The same of a column that holds an object. */
export function storedRecord(text: string): Record<string, unknown> {
  const value = storedJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : { unreadable: text }; // an object that JSON.parse made
}
