import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { Outcome } from "../../contract/problems.ts";
import { readBody } from "../http/body.ts";
import { InFlight } from "../http/bytes-in-flight.ts";

/** Bodies of Prometheus and OpenTelemetry requests that this isolate holds: they are larger than our own, and come from many at once. */
export const foreignBodies = new InFlight(METRIC_LIMITS.foreignInFlightBytes);

export interface ForeignBody {
  /** Decompressed when it came as gzip or deflate. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For what is made of the bytes and held beside them; false: answer 503. */
  readonly room: { take(bytes: number): boolean };
}

/**
 * Reads a body of a foreign protocol within the isolate's bound and works on it; the bound is held until the work has ended.
 * @param encoding `as-sent`: whatever the Content-Encoding says, the work undoes it
 * @returns what the work returns, or why there is no body: 413, 408, 400, and 503 when too much is in flight
 */
export async function withForeignBody<T>(
  request: Request,
  encoding: "decoded" | "as-sent",
  work: (body: ForeignBody) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const room = foreignBodies.open();
  try {
    const limits = { compressedBytes: METRIC_LIMITS.foreignBytes, decompressedBytes: METRIC_LIMITS.foreignBytes, room };
    const body = await readBody(request, encoding === "as-sent" ? { ...limits, encoded: true } : limits);
    return body.ok ? await work({ bytes: body.value, room }) : body;
  } finally {
    room.close();
  }
}
