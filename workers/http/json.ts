import { type Outcome, accept, refuse } from "../../contract/problems.ts";

/** Arrays and objects within each other; our own documents have six. A deeper one is made to exhaust a stack. */
export const MAX_JSON_DEPTH = 64;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Parses JSON text in UTF-8. Says where it breaks as a position, line and column, never by quoting it. */
export function parseJson(bytes: Uint8Array): Outcome<unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse("invalid-encoding", "The body is not valid UTF-8. Send JSON encoded in UTF-8.");
  }
  if (text.trim() === "") return refuse("invalid-body", "The body is empty. Send a JSON document.");
  if (depthOf(text) > MAX_JSON_DEPTH) return refuse("invalid-body", `The document is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  try {
    const value: unknown = JSON.parse(text);
    return accept(value);
  } catch (error) {
    return refuse("bad-request", `The body is not JSON${whereOf(error, text)}. Check it with a JSON linter.`);
  }
}

/** The deepest nesting of a text that may or may not be JSON; brackets within strings do not count. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 92 /* \ */) i++;
      else if (code === 34 /* " */) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 91 /* [ */ || code === 123 /* { */) {
      if (++depth > deepest) deepest = depth;
    } else if (code === 93 || code === 125) depth--;
  }
  return deepest;
}

/** V8 tells the position in its message, except for an early end and for short texts, whose message holds the text instead. */
function whereOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  const at = /at position (\d+)/.exec(message)?.[1];
  if (Number(at) >= text.length || /end of JSON/.test(message)) return ": it ends too early";
  if (at === undefined) return "";
  const before = text.slice(0, Number(at)).split("\n");
  return `: it breaks at position ${at} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}
