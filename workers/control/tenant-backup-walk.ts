import { callObject, OBJECT_KINDS, type ObjectAddress, objectName } from "../../contract/address.ts";
import { BACKUP_FORMAT, type BackupEntry, type BackupHead, type BackupManifest, MANIFEST_NAME } from "../../contract/backup-format.ts";
import { ringBackupSecret, ringProofs } from "../../contract/backup-ring.ts";
import { type BackupKey, backupKey, keyProof } from "../../contract/backup-seal.ts";
import { encodeState } from "../../contract/backup-state.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { VERSION } from "../../contract/version.ts";
import { anyObject } from "../consumers/objects.ts";
import type { EdgeEnv } from "../env.ts";
import type { Progress } from "./tenant-backup-progress.ts";
import { readRows, TRAVELLING } from "./tenant-backup-rows.ts";
import { sumRows } from "./tenant-backup-sums.ts";
import { backupPrefix, BackupVault } from "./tenant-backup-vault.ts";

/** Bytes of a part of a blob: what is held in memory, and what a restore is sent at a time. */
const BLOB_PART_BYTES = 2 * 1024 * 1024;
const BLOB_PAGE = 50;
/** Rows of the registry that are read at a time. */
const REGISTRY_PAGE = 100;

/** Where a tenant's files lie in R2; its backups are not backed up. */
const blobPrefixes = (tenantId: string) => [
  `history/events/${tenantId}/`,
  `history/dead-letters/${tenantId}/`,
  `leaderboards/${tenantId}/`,
  `rooms/${tenantId}/`,
];

/** What one step did: how many files it made. */
type Step = (walk: TenantWalk) => Promise<number>;

/**
 * Saves one tenant, step by step: its objects, each as it was at one moment, then its rows of D1, then its files of R2. Sources come
 * before what is made from them, so that an event in between is still in an outbox or has arrived.
 */
export class TenantWalk {
  readonly progress: Progress;
  readonly #env: EdgeEnv;
  readonly #key: BackupKey;
  readonly #vault: BackupVault;

  private constructor(env: EdgeEnv, progress: Progress, key: BackupKey) {
    this.#env = env;
    this.progress = progress;
    this.#key = key;
    this.#vault = new BackupVault(env.ARCHIVE, backupPrefix(progress.tenantId, progress.id), key);
  }

  static async open(env: EdgeEnv, progress: Progress): Promise<TenantWalk> {
    const secret = await ringBackupSecret(keyRing(env), progress.tenantId, progress.ringId);
    return new TenantWalk(env, progress, await backupKey(secret, progress.id));
  }

  /** One bounded step. @returns the files it made; the stage `end` has none left */
  async step(): Promise<number> {
    return await STEPS[this.progress.stage](this);
  }

  /** The next part of the next object. */
  async takeObject(): Promise<number> {
    const { progress } = this;
    const address = progress.object ? addressOf(progress.tenantId, progress.object.kind, progress.object.name) : await this.#nextObject();
    if (!address) {
      // The registry hears of an object a little later than it is made: those that came meanwhile are taken by another pass.
      if (progress.pass === 1) progress.pass = 2;
      else progress.stage = "rows";
      progress.after = null;
      return 0;
    }
    const { cursor = null, part = 0 } = progress.object ?? {};
    const path = pathOf(address.kind, address.name);
    try {
      const report = await callObject(async () => await anyObject(this.#env, address).maintain({ type: "export", cursor }));
      const tables = report.chunk.tables.map(({ name, rows }) => sumRows(name, rows));
      if (part === 0 || report.rows > 0) await this.#add({ path: `${path}/${part}`, kind: "object", tables }, encodeState(report.chunk));
      if (report.cursor === null) {
        progress.object = null;
        progress.after = [address.kind, address.name];
        progress.objects += 1;
      } else progress.object = { kind: address.kind, name: address.name, cursor: report.cursor, part: part + 1 };
    } catch (error) {
      if (cursor === null) throw error;
      // Its export ended meanwhile: it is taken again from its beginning.
      progress.entries = progress.entries.filter((entry) => !entry.path.startsWith(`${path}/`));
      progress.object = null;
      console.warn(JSON.stringify({ level: "warn", event: "backup-object-again", object: objectName(address), error: String(error) }));
    }
    return 1;
  }

  /** The next page of the next table; people and the tenant's own row come first. */
  async takeRows(): Promise<number> {
    const { progress } = this;
    if (progress.table === 0) {
      await this.#addRows("people", await this.#people());
      progress.table = 1;
      return 1;
    }
    const table = TRAVELLING[progress.table - 1];
    if (!table) {
      progress.stage = "blobs";
      return 0;
    }
    const { columns, rows, next } = await readRows(this.#env, table, progress.tenantId, progress.rowsAfter);
    if (rows.length > 0) await this.#addRows(table.name, { columns, rows });
    progress.rowsAfter = next === null ? null : [...next];
    if (next === null) progress.table += 1;
    return 1;
  }

  /** The next files of R2, each in parts. */
  async takeBlobs(): Promise<number> {
    const { progress } = this;
    const prefix = blobPrefixes(progress.tenantId)[progress.prefix];
    if (prefix === undefined) {
      progress.stage = "end";
      return 0;
    }
    const page = await this.#env.ARCHIVE.list({
      prefix,
      limit: BLOB_PAGE,
      ...(progress.blobsAfter === null ? {} : { startAfter: progress.blobsAfter }),
    });
    for (const { key } of page.objects) {
      await this.#takeBlob(key);
      progress.blobsAfter = key;
    }
    if (page.objects.length === 0) {
      progress.prefix += 1;
      progress.blobsAfter = null;
    }
    return page.objects.length + 1;
  }

  /** Manifest and head: with them the backup is whole. @returns the manifest's checksum */
  async finish(deployment: string, now: number): Promise<string> {
    const { id, tenantId, startedAt, entries, ringId } = this.progress;
    const finishedAt = new Date(now).toISOString();
    const ring = await ringProofs(keyRing(this.#env), id);
    const times = { startedAt: new Date(startedAt).toISOString(), finishedAt };
    const manifest: BackupManifest = {
      format: BACKUP_FORMAT,
      id,
      scope: tenantId,
      deployment,
      release: VERSION,
      stateVersion: null,
      ...times,
      ring,
      entries,
    };
    const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(manifest)));
    const { sealedSha256: checksum } = await this.#vault.put(MANIFEST_NAME, { path: MANIFEST_NAME, kind: "file", tables: [] }, bytes);
    const head: BackupHead = {
      format: BACKUP_FORMAT,
      id,
      scope: tenantId,
      finishedAt,
      key: { from: "ring", ringId },
      keyProof: await keyProof(this.#key),
      checksum,
    };
    await this.#vault.putHead(`${JSON.stringify(head, null, 2)}\n`);
    return checksum;
  }

  /** The next registered object that was not taken yet. The tenant's own is there before the registry has heard of it. */
  async #nextObject(): Promise<ObjectAddress | undefined> {
    const { tenantId, after, entries } = this.progress;
    const taken = new Set(entries.filter(({ kind }) => kind === "object").map(({ path }) => path.slice(0, path.lastIndexOf("/"))));
    if (!taken.has("object/tenant/main")) return addressOf(tenantId, "tenant", "main");
    for (let place = after ?? ["", ""]; ;) {
      const { results } = await this.#env.DB.prepare(
        "SELECT kind, name FROM control_object WHERE tenant_id = ?1 AND (kind, name) > (?2, ?3) ORDER BY kind, name LIMIT ?4",
      )
        .bind(tenantId, ...place, REGISTRY_PAGE)
        .all<{ kind: string; name: string }>();
      const found = results.find(({ kind, name }) => !taken.has(pathOf(kind, name)));
      if (found) return addressOf(tenantId, found.kind, found.name);
      const last = results.at(-1);
      if (!last) return undefined;
      place = [last.kind, last.name];
    }
  }

  async #people() {
    const { tenantId } = this.progress;
    const tenant = await this.#env.DB.prepare("SELECT name, slug, created_at FROM identity_organization WHERE id = ?")
      .bind(tenantId)
      .first<{ name: string; slug: string; created_at: number }>();
    if (!tenant) throw new Error("the tenant is not listed");
    const { results } = await this.#env.DB.prepare(
      "SELECT m.role, u.name, u.email FROM identity_member m JOIN identity_user u ON u.id = m.user_id WHERE m.organization_id = ? ORDER BY u.email",
    )
      .bind(tenantId)
      .all<{ role: string; name: string; email: string }>();
    return {
      columns: ["kind", "name", "email", "role"],
      rows: [
        ["tenant", tenant.name, tenant.slug, String(tenant.created_at)],
        ...results.map(({ role, name, email }) => ["member", name, email, role]),
      ],
    };
  }

  async #addRows(
    name: string,
    page: { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | number | null)[])[] },
  ): Promise<void> {
    const bytes = new Uint8Array(new TextEncoder().encode(JSON.stringify(page)));
    await this.#add({ path: `rows/${name}/${this.progress.entries.length}`, kind: "rows", tables: [sumRows(name, page.rows)] }, bytes);
  }

  async #takeBlob(key: string): Promise<void> {
    for (let part = 0, offset = 0; ; part++, offset += BLOB_PART_BYTES) {
      const head = await this.#env.ARCHIVE.head(key);
      if (head === null) return; // swept meanwhile
      const length = Math.min(BLOB_PART_BYTES, head.size - offset);
      const found = length > 0 ? await this.#env.ARCHIVE.get(key, { range: { offset, length } }) : null;
      if (length > 0 && found === null) return;
      const bytes = new Uint8Array(found === null ? new ArrayBuffer(0) : await found.arrayBuffer());
      await this.#add({ path: `blob/${part}/${key}`, kind: "blob", tables: [] }, bytes);
      if (offset + BLOB_PART_BYTES >= head.size) return;
    }
  }

  async #add(what: Pick<BackupEntry, "path" | "kind" | "tables">, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const name = String(this.progress.entries.length + 1).padStart(6, "0");
    this.progress.entries.push(await this.#vault.put(name, what, bytes));
  }
}

const STEPS: Readonly<Record<Progress["stage"], Step>> = {
  objects: async (walk) => await walk.takeObject(),
  rows: async (walk) => await walk.takeRows(),
  blobs: async (walk) => await walk.takeBlobs(),
  end: async () => 0,
};

/** Where the parts of an object stand in a backup. */
function pathOf(kind: string, name: string): string {
  return `object/${kind}/${encodeURIComponent(name)}`;
}

function addressOf(tenantId: string, kind: string, name: string): ObjectAddress {
  const known = OBJECT_KINDS.find((candidate) => candidate === kind);
  if (!known) throw new Error(`no object of kind ${kind} is known here`);
  return { tenantId, kind: known, name };
}
