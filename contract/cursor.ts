/** An opaque cursor: the sort key of the last item shown, so that inserts neither repeat nor skip an item. */
export function encodeCursor(key: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(key));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** The key inside a cursor, or undefined when the text is not a cursor of ours with these part types. */
export function decodeCursor(cursor: string, shape: readonly ("string" | "number")[]): (string | number)[] | undefined {
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const parsed: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0))));
    if (!Array.isArray(parsed) || parsed.length !== shape.length) return undefined;
    return parsed.every((part, i) => typeof part === shape[i]) ? (parsed as (string | number)[]) : undefined; // each part was just checked
  } catch {
    return undefined; // not base64url or not JSON: a cursor that we did not make
  }
}
