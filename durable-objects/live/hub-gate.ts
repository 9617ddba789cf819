import { namesOfAdmission, refusalOfRevoked } from "../../contract/live-revocation.ts";
import type { Problem } from "../../contract/problems.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import type { Migration } from "../kit/object-kit.ts";
import { PLACE_TABLES } from "./hub-places.ts";
import { TOPIC_TABLES } from "./topics/schema.ts";

/** What a gate keeps. */
export const GATE_TABLES = `
  CREATE TABLE live_used_ticket (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE live_revoked (credential TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
`;

export const HUB_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "used tickets and revoked credentials",
    additive: true,
    up: GATE_TABLES,
  },
  {
    id: 2,
    name: "where people's sockets may be beside hubs",
    additive: true,
    up: PLACE_TABLES,
  },
  {
    id: 3,
    name: "topics that live here, and where others live",
    additive: true,
    up: TOPIC_TABLES,
  },
];

const SWEEP_EVERY_MS = 60_000;
/** Revocations are looked up by tickets and by requests on their way: far longer than either lives. */
const REVOKED_MS = 300_000;

/** Who may come in, as far as only the hub can know: each ticket once, and nobody whose credential was revoked on the way. */
export class HubGate {
  readonly #sql: SqlStorage;
  #sweptAt = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Uses up the ticket of this admission. Runs inside a transaction. @returns why it is refused, if so */
  admit(admission: Admission, now: number): Problem | undefined {
    this.#sweep(now);
    if (admission.credentialExpiresAt !== null && admission.credentialExpiresAt <= now) return refused("The credential has ended.");
    const revoked = this.#revoked(admission);
    if (revoked) return revoked;
    const { ticket } = admission;
    if (!ticket) return undefined;
    if (ticket.expiresAt <= now) return refused("The ticket has expired; get a new one.");
    if (this.#sql.exec("SELECT 1 FROM live_used_ticket WHERE id = ?", ticket.id).toArray().length > 0) {
      return refused("The ticket was used already; get a new one for each connection.");
    }
    this.#sql.exec("INSERT INTO live_used_ticket (id, expires_at) VALUES (?, ?)", ticket.id, ticket.expiresAt);
    return undefined;
  }

  /** What was checked for these credentials, actors and groups up to `at`, epoch milliseconds, is refused. The latest counts. */
  revoke(credentials: readonly string[], at: number): void {
    for (const credential of credentials) {
      this.#sql.exec(
        "INSERT INTO live_revoked (credential, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
        credential,
        at,
      );
    }
  }

  /** Why this admission is refused by a revocation that is remembered here, if so. Runs inside a transaction. */
  refusal(admission: Admission, now: number): Problem | undefined {
    this.#sweep(now);
    return this.#revoked(admission);
  }

  #revoked(admission: Admission): Problem | undefined {
    const names = JSON.stringify(namesOfAdmission(admission));
    const rows = this.#sql
      .exec<{ credential: string; at: number }>(
        "SELECT credential, at FROM live_revoked WHERE credential IN (SELECT value FROM json_each(?))",
        names,
      )
      .toArray();
    return refusalOfRevoked(admission, rows);
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    this.#sql.exec("DELETE FROM live_used_ticket WHERE expires_at <= ?", now);
    this.#sql.exec("DELETE FROM live_revoked WHERE at <= ?", now - REVOKED_MS);
  }
}

function refused(detail: string): Problem {
  return { slug: "unauthenticated", detail };
}
