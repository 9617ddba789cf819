/** The compressor of the format's reference looks back this far. */
const BLOCK = 1 << 16;
const HASH_BITS = 14;
const MIN_MATCH = 4;

/**
 * Compresses to snappy's block format, which remote-write carries (https://github.com/google/snappy/blob/main/format_description.txt):
 * a greedy search over a table of four-byte hashes, block by block, so that every copy reaches back by less than 64 KiB.
 */
export function snappyCompress(input: Uint8Array): Uint8Array<ArrayBuffer> {
  // The format's own bound, 32 + n + n / 6.
  const output = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const table = new Int32Array(1 << HASH_BITS);
  let at = 0;
  for (let rest = input.length; ; rest >>>= 7) {
    output[at++] = rest > 127 ? (rest & 127) | 128 : rest;
    if (rest <= 127) break;
  }
  const literal = (from: number, end: number): void => {
    const length = end - from - 1;
    if (length < 0) return;
    if (length < 60) output[at++] = length << 2;
    else {
      const bytes = length < 256 ? 1 : 2; // a block has at most 65,536
      output[at++] = (59 + bytes) << 2;
      for (let i = 0; i < bytes; i++) output[at++] = (length >>> (8 * i)) & 255;
    }
    output.set(input.subarray(from, end), at);
    at += length + 1;
  };
  for (let block = 0; block < input.length; block += BLOCK) {
    const end = Math.min(input.length, block + BLOCK);
    table.fill(-1);
    let pending = block;
    let position = block;
    while (position + MIN_MATCH <= end) {
      const word = view.getUint32(position, true);
      const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
      const candidate = table[slot] ?? -1;
      table[slot] = position;
      if (candidate < 0 || view.getUint32(candidate, true) !== word) {
        position++;
        continue;
      }
      literal(pending, position);
      let length = MIN_MATCH;
      while (position + length < end && input[candidate + length] === input[position + length]) length++;
      const offset = position - candidate;
      for (let rest = length; rest > 0;) {
        const part = Math.min(64, rest);
        output[at++] = ((part - 1) << 2) | 2;
        output[at++] = offset & 255;
        output[at++] = offset >>> 8;
        rest -= part;
      }
      position += length;
      pending = position;
    }
    literal(pending, end);
  }
  return output.slice(0, at);
}
