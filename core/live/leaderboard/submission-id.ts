/**
 * A submission's id: a UUIDv7 of its time whose last 48 bits are its place in the log. Between them, where others are random, stands a
 * hash of the board, so that two boards do not give out the same id.
 * @param board the object's full name
 * @param at epoch milliseconds
 */
export function submissionId(board: string, seq: number, at: number): string {
  const hash = hashOf(board);
  const time = Math.floor(at).toString(16).padStart(12, "0");
  const high = (0x7000 | (hash >>> 20)).toString(16);
  const low = (0x8000 | (hash & 0x3fff)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${high}-${low}-${seq.toString(16).padStart(12, "0")}`;
}

/** The place in the log that an id says, or undefined when it cannot be one. Whether the row there is meant, its own id tells. */
export function seqOf(id: string): number | undefined {
  const digits = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-([0-9a-f]{12})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
