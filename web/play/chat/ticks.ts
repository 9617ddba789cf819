import type { Receipt } from "../../../contract/rooms.ts";

/** How far a message of one's own has come, with the others that have got and read it. */
export interface Ticks {
  readonly state: "sent" | "delivered" | "read";
  readonly read: number;
  readonly delivered: number;
  readonly others: number;
}

/** @param others the other members of the room */
export function ticksOf(offset: number, receipts: ReadonlyMap<string, Receipt>, own: string, others: number): Ticks {
  let [delivered, read] = [0, 0];
  for (const receipt of receipts.values()) {
    if (receipt.subject === own) continue;
    if (receipt.deliveredOffset >= offset) delivered++;
    if (receipt.readOffset >= offset) read++;
  }
  const state = others > 0 && read >= others ? "read" : others > 0 && delivered >= others ? "delivered" : "sent";
  return { state, read, delivered, others };
}

/** What the ticks say in words. */
export function ticksText({ state, read, others }: Ticks): string {
  if (others > 1 && read > 0) return `read by ${read} of ${others}`;
  return state;
}
