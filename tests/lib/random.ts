import type { Random } from "../../core/random-testing.ts";

export { mulberry, pick, type Random } from "../../core/random-testing.ts";

/** Some bytes cut off, cut out, doubled or changed. */
export function bent(bytes: Uint8Array, random: Random): Uint8Array {
  const at = Math.floor(random() * (bytes.length + 1));
  const length = Math.floor(random() * 8);
  switch (Math.floor(random() * 4)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + length)]);
    case 2:
      return Uint8Array.from([...bytes.slice(0, at + length), ...bytes.slice(at)]);
    default: {
      const changed = bytes.slice();
      if (changed.length > 0) changed[Math.min(at, changed.length - 1)] = Math.floor(random() * 256);
      return changed;
    }
  }
}
