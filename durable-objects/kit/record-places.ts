/** Places from a record's own on that it may lie in, when others have taken those before. */
export const RECORD_PLACES = 8;

/**
 * Where an answer kept for a repetition lies: a rowid made of whom and what it answers, so that finding it takes no index beside the table.
 * Two 32-bit FNV-1a hashes over UTF-16 units, 52 bits of them. Whoever meets another's place takes the next one.
 */
export function placeOfRecord(actor: string, key: string): number {
  const [low, high] = [hashOf(key, hashOf(actor, 0x811c9dc5)), hashOf(actor, hashOf(key, 0x2f3a61b9))];
  return (high & 0xfffff) * 2 ** 32 + low;
}

function hashOf(text: string, begin: number): number {
  let hash = begin;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
