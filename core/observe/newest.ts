import type { Heads } from "./heads.ts";
import type { Newest } from "./host-table.ts";
import { valueOfBits } from "./live-changes.ts";

/** Reads newest points from the heads. */
export function newestOf(heads: Heads): (slot: number) => Newest {
  return (slot) => {
    const { low, high } = heads.newestBits(slot);
    return { at: heads.newestAt(slot), value: valueOfBits(low, high) ?? Number.NaN };
  };
}
