const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;

/**
 * From references to slots. References only rise, so they lie close together: pages of plain numbers are several times
 * faster than a map, and every sample is looked up here. A page whose series are all gone is given up.
 */
export class RefMap {
  /** Slot + 1; 0 is none. */
  readonly #pages = new Map<number, { slots: Int32Array; used: number }>();
  /** The page looked at last: neighbours come together. */
  #number = -1;
  #page: { slots: Int32Array; used: number } | undefined;

  get(ref: number): number | undefined {
    const number = ref >>> PAGE_BITS;
    if (number !== this.#number) {
      this.#number = number;
      this.#page = this.#pages.get(number);
    }
    const slot = this.#page?.slots[ref & (PAGE - 1)];
    return slot === undefined || slot === 0 ? undefined : slot - 1;
  }

  set(ref: number, slot: number): void {
    const number = ref >>> PAGE_BITS;
    let page = this.#pages.get(number);
    if (!page) this.#pages.set(number, (page = { slots: new Int32Array(PAGE), used: 0 }));
    const place = ref & (PAGE - 1);
    if (page.slots[place] === 0) page.used++;
    page.slots[place] = slot + 1;
    this.#number = -1;
  }

  delete(ref: number): void {
    const number = ref >>> PAGE_BITS;
    const page = this.#pages.get(number);
    const place = ref & (PAGE - 1);
    if (!page || page.slots[place] === 0) return;
    page.slots[place] = 0;
    if (--page.used === 0) this.#pages.delete(number);
    this.#number = -1;
  }
}
