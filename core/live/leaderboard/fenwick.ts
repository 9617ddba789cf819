/** Sums of prefixes of a list of counts, each in logarithmic time (P. Fenwick, "A new data structure for cumulative frequency tables", 1994). */
export class Fenwick {
  /** From 1; a node holds the sum of the counts that its lowest bit covers, ending at itself. */
  #tree = new Int32Array(2);
  #length = 0;
  #top = 0;

  /** Begins anew with the first `length` of these counts. */
  rebuild(counts: Int32Array, length: number): void {
    if (this.#tree.length <= length) this.#tree = new Int32Array(Math.ceil((length + 1) * 1.25));
    const tree = this.#tree;
    tree.set(counts.subarray(0, length), 1);
    for (let node = 1; node <= length; node++) {
      const parent = node + (node & -node);
      if (parent <= length) tree[parent] = (tree[parent] ?? 0) + (tree[node] ?? 0);
    }
    this.#length = length;
    this.#top = length === 0 ? 0 : 1 << (31 - Math.clz32(length));
  }

  add(index: number, delta: number): void {
    const tree = this.#tree;
    for (let node = index + 1; node <= this.#length; node += node & -node) tree[node] = (tree[node] ?? 0) + delta;
  }

  /** The sum of the counts before this index. */
  before(index: number): number {
    let sum = 0;
    for (let node = index; node > 0; node -= node & -node) sum += this.#tree[node] ?? 0;
    return sum;
  }

  /** In which count a place (from 0) lies, and how many places come before that count. A place beyond all is in `index: length`. */
  locate(place: number): { readonly index: number; readonly before: number } {
    let [node, before] = [0, 0];
    for (let step = this.#top; step > 0; step >>= 1) {
      const next = node + step;
      const sum = before + (this.#tree[next] ?? 0);
      if (next <= this.#length && sum <= place) [node, before] = [next, sum];
    }
    return { index: node, before };
  }
}
