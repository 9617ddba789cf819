/**
 * The node of a list that a key belongs to, by highest random weight ("Using Name-Based Mappings to Increase Hit Rates",
 * Thaler and Ravishankar, 1998): every node gets a weight from its name and the key, the highest wins. A node that
 * joins takes keys only for itself, a node that leaves gives up only its own.
 * @throws RangeError when there is no node
 */
export function rendezvous(key: string, nodes: readonly string[]): string {
  const keyHash = hash32(key);
  let best: string | undefined;
  let bestWeight = -1;
  for (const node of nodes) {
    const weight = mix32(keyHash ^ mix32(hash32(node)));
    // Equal weights go to the smaller name, so that the order of the list does not matter.
    if (weight > bestWeight || (weight === bestWeight && best !== undefined && node < best)) [best, bestWeight] = [node, weight];
  }
  if (best === undefined) throw new RangeError("rendezvous over no nodes");
  return best;
}

/** {@link rendezvous} over the places `"0"` to `count - 1`, which is how numbered objects are found. */
export function rendezvousPlace(key: string, count: number): number {
  return Number(
    rendezvous(
      key,
      Array.from({ length: count }, (_, place) => String(place)),
    ),
  );
}

/** FNV-1a (Fowler, Noll, Vo), 32 bits, over UTF-16 units; `mix32` makes up for its weak high bits. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix32(hash);
}

/** The finalizer of MurmurHash3 (Appleby, public domain): one changed input bit changes each output bit half of the time. */
function mix32(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
