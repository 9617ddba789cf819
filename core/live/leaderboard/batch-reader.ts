import { LEADERBOARD_LIMITS as L } from "../../../contract/leaderboard-limits.ts";
import type { ScoreInput } from "../../../contract/leaderboard-scores.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import { readScore, type ScoreFault } from "./score-reader.ts";

/** A batch whose shell is right; each item is a score or what is wrong with it. */
export interface ReadBatch {
  readonly batchId: string;
  /** Of the body. */
  readonly bytes: number;
  readonly items: readonly ({ readonly ok: true; readonly score: ScoreInput } | { readonly ok: false; readonly fault: ScoreFault })[];
}

/** Documents nested deeper are no scores, and would cost the stack of whoever walks them. */
const MAX_DEPTH = 32;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Reads `{ batchId, items }` from its bytes in one pass over the items: a body is accepted with all its items exactly when
 * `scoreBatchSchema` accepts it. A bad item refuses only itself.
 */
export function readBatch(bytes: Uint8Array): Outcome<ReadBatch> {
  if (bytes.byteLength > L.batchBytes) return refuse("payload-too-large", `A batch has at most ${L.batchBytes} bytes. Send it in parts.`);
  const body = parseJson(bytes);
  if (!body.ok) return body;
  const fields = body.value;
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return broken("", "must be an object { batchId, items }");
  for (const name in fields) if (name !== "batchId" && name !== "items") return broken("", "has fields beside batchId and items");
  const { batchId, items } = fields as { readonly batchId?: unknown; readonly items?: unknown }; // an object that JSON.parse made
  if (typeof batchId !== "string" || batchId === "" || batchId.length > L.batchIdChars)
    return broken("/batchId", `must be a text of 1 to ${L.batchIdChars} characters`);
  if (!Array.isArray(items) || items.length === 0) return broken("/items", "must be a list of scores, one at least");
  if (items.length > L.batchItems)
    return refuse("payload-too-large", `A batch has at most ${L.batchItems} items. Send it in parts.`, {
      errors: [{ pointer: "/items", detail: `has ${items.length} items` }],
    });
  return accept({ batchId, bytes: bytes.byteLength, items: items.map(readScore) });
}

/** JSON from bytes that nobody looked at. */
export function parseJson(bytes: Uint8Array): Outcome<unknown> {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse("invalid-encoding", "The body is not valid UTF-8. Send JSON encoded in UTF-8."); // only decoding throws
  }
  if (isDeep(text)) return refuse("invalid-body", `The document is nested deeper than ${MAX_DEPTH} levels.`);
  try {
    return accept(JSON.parse(text) as unknown);
  } catch {
    return refuse("invalid-body", "The body is not JSON."); // the parser's own words would quote the body
  }
}

/** Brackets within texts count too: a document that is deep only so is no score either. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function broken(pointer: string, detail: string): Outcome<never> {
  return refuse("invalid-body", "The body is not a batch of scores; see errors.", { errors: [{ pointer, detail }] });
}
