import { type AgentRecord, type AgentReport, shouldStore } from "../../core/control/fleet.ts";
import type { FleetStore } from "./agent-fleet-store.ts";

/** The agents in memory, with what of them is on disk: reports come every 15 s, rows far less often. */
export class Roster {
  readonly #store: FleetStore;
  readonly #records = new Map<string, AgentRecord>();
  /** The report on disk, by host. */
  readonly #stored = new Map<string, AgentReport>();

  constructor(store: FleetStore) {
    this.#store = store;
  }

  /** Reads the truth: at init, and after a transaction was undone. */
  load(): void {
    this.#records.clear();
    this.#stored.clear();
    for (const record of this.#store.all()) {
      this.#records.set(record.host, record);
      this.#stored.set(record.host, record.report);
    }
  }

  get(host: string): AgentRecord | undefined {
    return this.#records.get(host);
  }

  all(): Iterable<AgentRecord> {
    return this.#records.values();
  }

  /** Up to `limit` agents after this host, by name. */
  page(after: string | undefined, limit: number): AgentRecord[] {
    const hosts = [...this.#records.keys()].filter((host) => after === undefined || host > after).sort();
    return hosts.slice(0, limit).flatMap((host) => this.#records.get(host) ?? []);
  }

  /** Puts an agent to disk; inside of a transaction. */
  save(record: AgentRecord): void {
    this.#store.put(record);
    this.#records.set(record.host, record);
    this.#stored.set(record.host, record.report);
  }

  /** Whether this agent has to be saved, rather than only kept in mind. */
  isWorthARow(record: AgentRecord): boolean {
    const stored = this.#stored.get(record.host);
    return stored === undefined || shouldStore(stored, record.report);
  }

  /** An agent whose newest report is only in memory; without a socket nothing else would keep it over a sleep. */
  unsaved(host: string): AgentRecord | undefined {
    const record = this.#records.get(host);
    return record && record.report.seenAt !== this.#stored.get(host)?.seenAt ? record : undefined;
  }

  /** Keeps a newer report in memory only. */
  keepInMind(record: AgentRecord): void {
    this.#records.set(record.host, record);
  }

  forget(host: string): void {
    this.#store.delete(host);
    this.#records.delete(host);
    this.#stored.delete(host);
  }
}
