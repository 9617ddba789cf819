import type { RandomBytes } from "../../contract/ids.ts";

/** Asked for at once: the call costs as much for these as for sixteen. */
const POOL_BYTES = 4_096;

/**
 * Random bytes out of a pool that is filled when it is used up: what every request draws, a few bytes at a time, comes a hundredth as often from
 * the system. Each byte is given out once.
 */
export function pooledRandom(random: RandomBytes): RandomBytes {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (bytes.length > POOL_BYTES) return random(bytes);
    if (used + bytes.length > POOL_BYTES) {
      random(pool);
      used = 0;
    }
    for (let i = 0; i < bytes.length; i++) bytes[i] = pool[used + i] ?? 0;
    pool.fill(0, used, used + bytes.length);
    used += bytes.length;
    return bytes;
  };
}
