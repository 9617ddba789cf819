import * as z from "zod";
import type { Thing } from "../../contract/grants.ts";
import type { PublicThing } from "../../contract/settings.ts";

const rowSchema = z.object({ kind: z.string(), name: z.string(), marked_at: z.number(), marked_by: z.string() });
const thingSchema = z.object({ kind: z.string(), name: z.string() });

/** Marks of public things. */
export class PublicStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** By kind and name, from behind the given one. */
  list(limit: number, after: Thing | undefined): PublicThing[] {
    return this.#sql
      .exec(
        "SELECT kind, name, marked_at, marked_by FROM tenant_public WHERE (kind, name) > (?, ?) ORDER BY kind, name LIMIT ?",
        after?.kind ?? "",
        after?.name ?? "",
        limit,
      )
      .toArray()
      .map((row) => {
        const { kind, name, marked_at, marked_by } = rowSchema.parse(row);
        return { kind, name, markedAt: new Date(marked_at).toISOString(), markedBy: marked_by };
      });
  }

  /** All of them, as isolates hold them; the limit bounds them. */
  things(): Thing[] {
    return this.#sql
      .exec("SELECT kind, name FROM tenant_public ORDER BY kind, name")
      .toArray()
      .map((row) => thingSchema.parse(row));
  }

  has({ kind, name }: Thing): boolean {
    return this.#sql.exec("SELECT 1 FROM tenant_public WHERE kind = ? AND name = ?", kind, name).toArray().length > 0;
  }

  count(): number {
    return z.object({ n: z.number() }).parse(this.#sql.exec("SELECT count(*) AS n FROM tenant_public").one()).n;
  }

  insert({ kind, name }: Thing, now: number, by: string): void {
    this.#sql.exec("INSERT INTO tenant_public (kind, name, marked_at, marked_by) VALUES (?, ?, ?, ?)", kind, name, now, by);
  }

  delete({ kind, name }: Thing): void {
    this.#sql.exec("DELETE FROM tenant_public WHERE kind = ? AND name = ?", kind, name);
  }
}
