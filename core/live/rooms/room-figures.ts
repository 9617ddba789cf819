import { DELIVERY_BOUNDS_MS, type RealtimeReport } from "../../../contract/realtime.ts";

type Counted = "opened" | "closed" | "sends" | "deliveries" | "flushes" | "recoveries" | "refusedRecoveries" | "shed";
type Bytes = "bytesSingle" | "bytesBatched" | "bytesSent";
export type RoomFigures = Pick<RealtimeReport, Counted | Bytes | "errors" | "delivery">;

/** What a room's sockets have done since it was asked last: for reports to operators. In memory only. */
export class FigureBook {
  #figures = none();

  add(name: Counted | Bytes, by = 1): void {
    this.#figures[name] += by;
  }

  /** A socket was closed with this code. */
  error(code: number): void {
    this.#figures.errors[code] = (this.#figures.errors[code] ?? 0) + 1;
  }

  /** A probe was acknowledged after so many milliseconds. */
  delivered(ms: number): void {
    const bucket = DELIVERY_BOUNDS_MS.findIndex((bound) => ms <= bound);
    const at = bucket < 0 ? DELIVERY_BOUNDS_MS.length : bucket;
    this.#figures.delivery[at] = (this.#figures.delivery[at] ?? 0) + 1;
  }

  /** The figures; they begin again with this. */
  take(): RoomFigures {
    const figures = this.#figures;
    this.#figures = none();
    return figures;
  }
}

function none() {
  const counted = { opened: 0, closed: 0, sends: 0, deliveries: 0, flushes: 0, recoveries: 0, refusedRecoveries: 0, shed: 0 };
  const bytes = { bytesSingle: 0, bytesBatched: 0, bytesSent: 0 };
  const errors: Record<string, number> = {};
  return { ...counted, ...bytes, errors, delivery: Array.from({ length: DELIVERY_BOUNDS_MS.length + 1 }, () => 0) };
}
