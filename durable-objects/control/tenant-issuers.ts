import * as z from "zod";
import { type Issuer, issuerSchema } from "../../contract/issuers.ts";
import type { IssuerBinding, IssuerContent } from "../../core/control/issuers.ts";

const contentSchema = issuerSchema.omit({ name: true, createdAt: true, changedAt: true });
const rowSchema = z.object({
  name: z.string(),
  iss: z.string(),
  content: z.string(),
  created_at: z.number(),
  changed_at: z.number(),
});
const bindingSchema = z.object({ name: z.string(), iss: z.string(), active: z.number().transform((flag) => flag === 1) });

/** An issuer at rest. Times are epoch milliseconds. */
export interface IssuerRecord {
  readonly name: string;
  readonly content: IssuerContent;
  readonly createdAt: number;
  readonly changedAt: number;
}

const SELECT = "SELECT name, iss, content, created_at, changed_at FROM tenant_issuer WHERE content IS NOT NULL";

/** Issuers by name. Of a deleted one the row stays without content: its name is bound to its `iss` for ever. */
export class IssuerStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(name: string): IssuerRecord | undefined {
    const [row] = this.#sql.exec(`${SELECT} AND name = ?`, name).toArray();
    return row ? toRecord(row) : undefined;
  }

  /** By name; the limit bounds them. */
  list(): IssuerRecord[] {
    return this.#sql.exec(`${SELECT} ORDER BY name`).toArray().map(toRecord);
  }

  /** Every name that was ever bound. */
  bindings(): IssuerBinding[] {
    return this.#sql
      .exec("SELECT name, iss, content IS NOT NULL AS active FROM tenant_issuer")
      .toArray()
      .map((row) => bindingSchema.parse(row));
  }

  /** Whether the name was ever bound. */
  isBound(name: string): boolean {
    return this.#sql.exec("SELECT 1 FROM tenant_issuer WHERE name = ?", name).toArray().length > 0;
  }

  put({ name, content, createdAt, changedAt }: IssuerRecord): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO tenant_issuer (name, iss, content, created_at, changed_at) VALUES (?, ?, ?, ?, ?)",
      name,
      content.iss,
      JSON.stringify(content),
      createdAt,
      changedAt,
    );
  }

  bury(name: string, now: number): void {
    this.#sql.exec("UPDATE tenant_issuer SET content = NULL, changed_at = ? WHERE name = ?", now, name);
  }
}

function toRecord(row: unknown): IssuerRecord {
  const { name, content, created_at, changed_at } = rowSchema.parse(row);
  return { name, content: contentSchema.parse(JSON.parse(content)), createdAt: created_at, changedAt: changed_at };
}

export function issuerView({ name, content, createdAt, changedAt }: IssuerRecord): Issuer {
  return { name, ...content, createdAt: new Date(createdAt).toISOString(), changedAt: new Date(changedAt).toISOString() };
}
