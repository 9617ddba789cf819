import { callObject, OBJECT_KINDS, type ObjectAddress } from "../../contract/address.ts";
import { archive } from "../../contract/archive.ts";
import type { BackupEntry, BackupManifest, TableSum } from "../../contract/backup-format.ts";
import { decodeState } from "../../contract/backup-state.ts";
import type { MaintenanceReport } from "../../contract/rpc/maintenance.ts";
import * as z from "zod";
import { anyObject } from "../consumers/objects.ts";
import type { EdgeEnv } from "../env.ts";
import { TRAVELLING, writeRows } from "./tenant-backup-rows.ts";
import { addSums, sumRows } from "./tenant-backup-sums.ts";
import type { BackupVault } from "./tenant-backup-vault.ts";

const cell = z.union([z.string(), z.number(), z.null()]);
const pageSchema = z.object({ columns: z.array(z.string()), rows: z.array(z.array(cell)) });
const tenantRow = z.tuple([z.literal("tenant"), z.string(), z.string(), z.string()]);
const memberRow = z.tuple([z.literal("member"), z.string(), z.string(), z.string()]);

export interface RestoredPeople {
  readonly name: string;
  readonly slug: string;
  readonly createdAt: number;
  readonly members: readonly { readonly name: string; readonly email: string; readonly role: string }[];
}

/** A table of a restored object as it was saved and as it is. */
export interface ComparedObject {
  readonly object: string;
  readonly table: string;
  readonly saved: number;
  readonly restored: number;
  readonly agrees: boolean;
}

type ExportReport = MaintenanceReport<{ type: "export"; cursor: string | null }>;

/** Something in a backup does not come back as it was saved. */
export class RestoreRefused extends Error {
  override readonly name = "RestoreRefused";
}

/** What restores one tenant, entry by entry in the order of the manifest; every step may be done again. */
export class TenantRestore {
  readonly #env: EdgeEnv;
  readonly #vault: BackupVault;
  readonly #manifest: BackupManifest;

  constructor(env: EdgeEnv, vault: BackupVault, manifest: BackupManifest) {
    this.#env = env;
    this.#vault = vault;
    this.#manifest = manifest;
  }

  /** How many entries from this one on belong together: the parts of one object, of one file, or one page of rows. */
  groupAt(index: number): readonly BackupEntry[] {
    const { entries } = this.#manifest;
    const first = entries[index];
    if (!first) return [];
    const group = groupOf(first);
    let end = index + 1;
    while (group !== undefined && groupOf(entries[end]) === group) end += 1;
    return entries.slice(index, end);
  }

  /** Puts one group back; an object stays closed. @returns what was compared @throws RestoreRefused */
  async put(group: readonly BackupEntry[]): Promise<readonly ComparedObject[]> {
    const [first] = group;
    if (!first) return [];
    switch (first.kind) {
      case "object":
        return await this.#putObject(group);
      case "rows":
        await this.#putRows(first);
        return [];
      case "blob":
        await this.#putBlob(group);
        return [];
      case "file":
      case "sqlite":
        throw new RestoreRefused(`a tenant's backup has no entry of kind ${first.kind}`);
    }
  }

  /** The tenant's own row and its people. */
  async people(): Promise<RestoredPeople> {
    const entry = this.#manifest.entries.find(({ path }) => path.startsWith("rows/people/"));
    if (!entry) throw new RestoreRefused("the backup does not say who the tenant is");
    const [tenant, ...members] = (await this.#page(entry)).rows;
    const [, name, slug, createdAt] = tenantRow.parse(tenant);
    return { name, slug, createdAt: Number(createdAt), members: members.map((row) => memberOf(memberRow.parse(row))) };
  }

  /** Opens the object of a group that was put back. May be repeated. */
  async open(group: readonly BackupEntry[]): Promise<void> {
    if (group[0]?.kind !== "object") return;
    const address = addressOf(this.#manifest.scope, group[0].path);
    const order = { type: "import", chunk: { v: 1, tables: [] }, first: false, last: true } as const;
    await callObject(async () => await anyObject(this.#env, address).maintain(order));
  }

  async #putObject(parts: readonly BackupEntry[]): Promise<readonly ComparedObject[]> {
    const address = addressOf(this.#manifest.scope, parts[0]?.path ?? "");
    for (const [at, entry] of parts.entries()) {
      const chunk = decodeState(await this.#vault.get(entry.name, entry));
      const order = { type: "import", chunk, first: at === 0, last: false } as const;
      await callObject(async () => await anyObject(this.#env, address).maintain(order));
    }
    const compared = compare(
      `${address.kind}/${address.name}`,
      addSums(parts.flatMap(({ tables }) => tables)),
      addSums(await this.#readBack(address)),
    );
    const other = compared.find(({ agrees }) => !agrees);
    if (other) throw new RestoreRefused(`table ${other.table} of ${other.object} is not what was saved`);
    return compared;
  }

  /** Reads the restored object as a backup would, before it is opened. */
  async #readBack(address: ObjectAddress): Promise<TableSum[]> {
    const sums: TableSum[] = [];
    let cursor: string | null = null;
    do {
      const report: ExportReport = await this.#exportPart(address, cursor);
      sums.push(...report.chunk.tables.map(({ name, rows }) => sumRows(name, rows)));
      cursor = report.cursor;
    } while (cursor !== null);
    return sums;
  }

  async #exportPart(address: ObjectAddress, cursor: string | null): Promise<ExportReport> {
    return await callObject(async () => await anyObject(this.#env, address).maintain({ type: "export", cursor }));
  }

  async #putRows(entry: BackupEntry): Promise<void> {
    const name = entry.path.split("/")[1];
    if (name === "people") return;
    const table = TRAVELLING.find((candidate) => candidate.name === name);
    if (!table) throw new RestoreRefused(`no table ${name} travels in this release`);
    const { columns, rows } = await this.#page(entry);
    const owner = columns.indexOf(table.owner);
    if (rows.some((row) => row[owner] !== this.#manifest.scope)) throw new RestoreRefused(`a row of ${name} is another tenant's`);
    await writeRows(this.#env, table, columns, rows);
  }

  async #putBlob(parts: readonly BackupEntry[]): Promise<void> {
    const key = parts[0]?.path.split("/").slice(2).join("/") ?? "";
    if (!key.split("/").includes(this.#manifest.scope)) throw new RestoreRefused(`the file ${key} is not the tenant's`);
    const pieces: Uint8Array[] = [];
    for (const entry of parts) pieces.push(await this.#vault.get(entry.name, entry));
    const all = new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer()); // the vault makes arrays of its own
    await archive(this.#env.ARCHIVE, key, all);
  }

  async #page(entry: BackupEntry): Promise<z.infer<typeof pageSchema>> {
    return pageSchema.parse(JSON.parse(new TextDecoder().decode(await this.#vault.get(entry.name, entry))));
  }
}

function compare(object: string, saved: ReadonlyMap<string, TableSum>, restored: ReadonlyMap<string, TableSum>): ComparedObject[] {
  return [...new Set([...saved.keys(), ...restored.keys()])].map((table) => {
    const [was, is] = [saved.get(table), restored.get(table)];
    return { object, table, saved: was?.rows ?? 0, restored: is?.rows ?? 0, agrees: was?.rows === is?.rows && was?.sum === is?.sum };
  });
}

function memberOf([, name, email, role]: z.infer<typeof memberRow>) {
  return { name, email, role };
}

/** What the parts of one thing share: `object/{kind}/{name}` or the key of a file; rows come page by page. */
function groupOf(entry: BackupEntry | undefined): string | undefined {
  if (entry?.kind === "object") return entry.path.slice(0, entry.path.lastIndexOf("/"));
  if (entry?.kind === "blob") return `blob/${entry.path.split("/").slice(2).join("/")}`;
  return undefined;
}

function addressOf(tenantId: string, path: string): ObjectAddress {
  const [, kind, name = ""] = path.split("/");
  const known = OBJECT_KINDS.find((candidate) => candidate === kind);
  if (!known) throw new RestoreRefused(`no object of kind ${kind} is known here`);
  return { tenantId, kind: known, name: decodeURIComponent(name) };
}
