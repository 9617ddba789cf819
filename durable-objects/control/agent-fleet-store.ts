import { type AgentRecord, agentRecordSchema } from "../../core/control/fleet.ts";
import type { Migration } from "../kit/object-kit.ts";

/** Without rowids and further indexes, so that a change of an agent is one row written. */
export const FLEET_MIGRATIONS: readonly Migration[] = [
  { id: 1, name: "agents", additive: true, up: "CREATE TABLE agent (host TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID" },
];

/** The agents of a fleet on disk, one row each. */
export interface FleetStore {
  /** @throws when a row is none of ours: a fleet that cannot be read is not served as an empty one */
  all(): AgentRecord[];
  put(record: AgentRecord): void;
  delete(host: string): void;
}

export function createFleetStore(sql: SqlStorage): FleetStore {
  return {
    all: () =>
      sql
        .exec<{ record: string }>("SELECT record FROM agent")
        .toArray()
        .map((row) => agentRecordSchema.parse(JSON.parse(row.record))),
    put: (record) => {
      sql.exec(
        "INSERT INTO agent (host, record) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET record = excluded.record",
        record.host,
        JSON.stringify(record),
      );
    },
    delete: (host) => {
      sql.exec("DELETE FROM agent WHERE host = ?", host);
    },
  };
}
