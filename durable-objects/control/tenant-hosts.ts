import * as z from "zod";
import type { HostState } from "../../contract/settings.ts";

const rowSchema = z.object({ host: z.string(), challenge: z.string(), verified_at: z.number().nullable() });

/** A host name of the settings, what proves it, and when it was proved in epoch milliseconds. */
export interface HostRecord {
  readonly host: string;
  readonly challenge: string;
  readonly verifiedAt: number | null;
}

/** The tenant's own host names with their proofs. */
export class HostStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  list(): HostRecord[] {
    return this.#sql
      .exec("SELECT host, challenge, verified_at FROM tenant_host ORDER BY host")
      .toArray()
      .map((row) => {
        const { host, challenge, verified_at } = rowSchema.parse(row);
        return { host, challenge, verifiedAt: verified_at };
      });
  }

  insert(host: string, challenge: string): void {
    this.#sql.exec("INSERT INTO tenant_host (host, challenge) VALUES (?, ?)", host, challenge);
  }

  verify(host: string, now: number): void {
    this.#sql.exec("UPDATE tenant_host SET verified_at = ? WHERE host = ?", now, host);
  }

  /** Its proof goes with it: whoever lists the host again proves it again. */
  delete(host: string): void {
    this.#sql.exec("DELETE FROM tenant_host WHERE host = ?", host);
  }
}

export function hostView({ host, challenge, verifiedAt }: HostRecord): HostState {
  return {
    host,
    state: verifiedAt === null ? "waiting" : "verified",
    dnsName: `_meridian-challenge.${host}`,
    dnsValue: challenge,
    wellKnownPath: "/.well-known/meridian-challenge.txt",
    verifiedAt: verifiedAt === null ? null : new Date(verifiedAt).toISOString(),
  };
}
