/**
 * Highest-random-weight hashing (Thaler and Ravishankar, 1998): which of `count` places a name belongs to. Growing the
 * count moves only the names that the new places win.
 */
export function rendezvous(name: string, count: number): number {
  const base = fnv1a(name);
  let best = 0;
  let bestWeight = -1;
  for (let place = 0; place < count; place++) {
    const weight = mix(base ^ Math.imul(place + 1, 0x9e3779b9));
    if (weight > bestWeight) [best, bestWeight] = [place, weight];
  }
  return best;
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
