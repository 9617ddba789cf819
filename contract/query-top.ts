/**
 * The k largest or smallest values of each step, while series pass by one after the other: a heap per step whose root is the worst that is
 * kept. Of equal values the one that came first stays, as in Prometheus.
 */
export class TopValues {
  readonly #k: number;
  readonly #sign: number;
  readonly #held: Uint32Array;
  readonly #values: Float64Array;
  readonly #owners: Int32Array;

  constructor(count: number, k: number, order: "largest" | "smallest") {
    this.#k = k;
    this.#sign = order === "largest" ? 1 : -1;
    this.#held = new Uint32Array(count);
    this.#values = new Float64Array(count * k);
    this.#owners = new Int32Array(count * k);
  }

  /** @param owner a number of the caller's, by which {@link winners} names the series; NaN values are none */
  add(owner: number, values: Float64Array): void {
    for (let step = 0; step < values.length; step++) {
      const value = (values[step] ?? Number.NaN) * this.#sign;
      if (Number.isNaN(value)) continue;
      const base = step * this.#k;
      const held = this.#held[step] ?? 0;
      if (held < this.#k) {
        this.#held[step] = held + 1;
        this.#up(base, held, value, owner);
      } else if (value > (this.#values[base] ?? 0)) this.#down(base, value, owner);
    }
  }

  /** Of each series that is among the k at some step: its values there, NaN elsewhere. */
  winners(): Map<number, Float64Array> {
    const found = new Map<number, Float64Array>();
    for (let step = 0; step < this.#held.length; step++) {
      for (let i = 0; i < (this.#held[step] ?? 0); i++) {
        const owner = this.#owners[step * this.#k + i] ?? 0;
        let values = found.get(owner);
        if (!values) found.set(owner, (values = new Float64Array(this.#held.length).fill(Number.NaN)));
        values[step] = (this.#values[step * this.#k + i] ?? 0) * this.#sign;
      }
    }
    return found;
  }

  #up(base: number, place: number, value: number, owner: number): void {
    let i = place;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((this.#values[base + parent] ?? 0) <= value) break;
      this.#copy(base + parent, base + i);
      i = parent;
    }
    this.#values[base + i] = value;
    this.#owners[base + i] = owner;
  }

  #down(base: number, value: number, owner: number): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#k) break;
      if (child + 1 < this.#k && (this.#values[base + child + 1] ?? 0) < (this.#values[base + child] ?? 0)) child++;
      if ((this.#values[base + child] ?? 0) >= value) break;
      this.#copy(base + child, base + i);
      i = child;
    }
    this.#values[base + i] = value;
    this.#owners[base + i] = owner;
  }

  #copy(from: number, to: number): void {
    this.#values[to] = this.#values[from] ?? 0;
    this.#owners[to] = this.#owners[from] ?? 0;
  }
}
