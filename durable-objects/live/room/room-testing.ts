import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import * as z from "zod";
import type { Outcome } from "../../../contract/problems.ts";
import { type History, messageInputSchema, type Message, type MessageAck, roomSettingsSchema } from "../../../contract/rooms.ts";
import type { CallMeta } from "../../../contract/rpc/call.ts";
import type { RoomAction, RoomCaller, RoomDefinition, RoomQuestion, RoomQuestions, RoomRpc } from "../../../contract/rpc/room.ts";

export const meta: CallMeta = { requestId: "req-1", actor: "key:1", actorName: "Chat server" };

/** The product's own server, which may everything. */
export const server: RoomCaller = {
  kind: "service",
  id: "key:1",
  ref: "",
  name: "Chat server",
  avatarUrl: null,
  granted: ["read", "write", "create", "manage"],
  isPublic: false,
};

/** A person, `minted|{name}`. */
export function person(name: string, granted: readonly RoomAction[] = [], isPublic = false): RoomCaller {
  return { kind: "subject", id: `minted|${name}`, ref: `ref-${name}`, name, avatarUrl: null, granted, isPublic };
}

export const ann = person("ann");
export const ben = person("ben");
export const cid = person("cid");

type RoomStub = ReturnType<typeof env.ROOMS.getByName>;

/** A room of a test's own. */
export class TestRoom {
  readonly name: string;
  readonly stub: RoomStub;
  readonly rpc: RoomRpc;
  #sent = 0;

  constructor(name: string, tenant = "t-rooms") {
    this.name = name;
    this.stub = env.ROOMS.getByName(`${tenant}/room/${name}`);
    this.rpc = this.stub as unknown as RoomRpc; // the class implements it; the runtime's own types cannot say what readonly lists become
  }

  /** Ann owns it, Ben and Cid are members. */
  async open(fields: Partial<RoomDefinition> & { title?: string; retentionDays?: number; hotMessages?: number } = {}): Promise<this> {
    const { title, retentionDays, hotMessages, ...rest } = fields;
    const settings = roomSettingsSchema.parse({ title, retentionDays, hotMessages });
    const members = [ann, ben, cid].map(({ id, ref, name }, n) => ({
      subject: id,
      ref,
      name,
      avatarUrl: null,
      role: n === 0 ? ("owner" as const) : ("member" as const),
    }));
    const definition: RoomDefinition = { room: this.name, kind: "group", settings, version: 1, createdAt: Date.now(), members, ...rest };
    valueOf(await this.rpc.configure(definition, meta));
    return this;
  }

  /** @throws when it is refused */
  async say(by: RoomCaller, text: string, more: Partial<z.input<typeof messageInputSchema>> = {}): Promise<MessageAck> {
    const { items } = valueOf(await this.post(by, text, more));
    const [ack] = items;
    if (!ack) throw new Error("no acknowledgement");
    return ack;
  }

  async post(by: RoomCaller, text: string, more: Partial<z.input<typeof messageInputSchema>> = {}): ReturnType<RoomRpc["post"]> {
    this.#sent += 1;
    return await this.rpc.post(by, [messageInputSchema.parse({ clientId: `c-${this.#sent}`, text, ...more })], meta);
  }

  /** @throws when it is refused */
  async ask<Q extends RoomQuestion>(by: RoomCaller, question: Q, ask: RoomQuestions[Q]["ask"]): Promise<RoomQuestions[Q]["answer"]> {
    return valueOf(await this.rpc.ask(by, question, ask));
  }

  async history(by: RoomCaller, query: Partial<RoomQuestions["history"]["ask"]> = {}): Promise<History> {
    return await this.ask(by, "history", { limit: 50, ...query });
  }

  async message(offset: number): Promise<Message | undefined> {
    const { items } = await this.history(server, { around: offset, limit: 1 });
    return items.find((item) => item.offset === offset);
  }

  /** `n` messages of a person, in one import. */
  async fill(n: number, at: number = Date.now(), batch = `batch-${this.#sent++}`): Promise<void> {
    const lines = Array.from({ length: n }, (_, i) => ({ at, sender: "minted|ben", senderName: "ben", text: `old ${i + 1}` }));
    valueOf(await this.imports(batch, lines));
  }

  async imports(batch: string, lines: readonly unknown[], by: RoomCaller = server): ReturnType<RoomRpc["importMessages"]> {
    return await this.rpc.importMessages(by, new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n")), batch, meta);
  }

  /** Memory is gone, storage stays. */
  async evict(): Promise<void> {
    await evictDurableObject(this.stub);
  }

  /** Rows of a query; no column that it asks for may be a blob. */
  async rows(query: string, ...params: (string | number)[]): Promise<Record<string, string | number | null>[]> {
    return await runInDurableObject(this.stub, (_, state) =>
      state.storage.sql.exec<Record<string, string | number | null>>(query, ...params).toArray(),
    );
  }

  /** Rows in each table of the room that has any, those of the kit left out. */
  async filled(): Promise<Record<string, number>> {
    const tables = await this.rows("SELECT name FROM sqlite_schema WHERE type = 'table'");
    const names = tables.map(({ name }) => String(name)).filter((name) => !/^(kit_|_cf_|sqlite_)/.test(name));
    const counts = await Promise.all(
      names.map(async (name) => [name, Number((await this.rows(`SELECT count(*) AS n FROM "${name}"`))[0]?.["n"])] as const),
    );
    return Object.fromEntries(counts.filter(([, n]) => n > 0));
  }

  /** Names of the timers that are set, with the time until each. */
  async timers(): Promise<Record<string, number>> {
    const rows = await this.rows("SELECT name, due_at AS dueAt FROM kit_timer");
    const now = Date.now();
    return Object.fromEntries(rows.map(({ name, dueAt }) => [String(name), Number(dueAt) - now]));
  }

  /** Moves the clock and lets the alarm go off, again and again while something is due. */
  async passes(ms: number): Promise<void> {
    vi.setSystemTime(Date.now() + ms);
    for (let n = 0; n < 200; n++) {
      const due = Math.min(...Object.values(await this.timers()), Number.POSITIVE_INFINITY);
      if (due > 0 && n > 0) return;
      if (!(await runDurableObjectAlarm(this.stub))) return;
    }
    throw new Error("something is due for ever");
  }

  /** Runs work and answers what the object's SQL was asked meanwhile, with what each statement wrote. */
  async watched(work: () => Promise<unknown>): Promise<{ query: string; params: unknown[]; rows: number }[]> {
    const seen: { query: string; params: unknown[]; cursor: { rowsWritten: number } }[] = [];
    const restore = await runInDurableObject(this.stub, (_, state) => {
      const { sql } = state.storage;
      const exec = sql.exec.bind(sql);
      sql.exec = ((query: string, ...params: SqlStorageValue[]) => {
        const cursor = exec(query, ...params);
        seen.push({ query, params, cursor });
        return cursor;
      }) as typeof sql.exec;
      return () => void (sql.exec = exec);
    });
    await work();
    return await runInDurableObject(this.stub, () => {
      restore();
      return seen.map(({ query, params, cursor }) => ({ query, params, rows: cursor.rowsWritten }));
    });
  }

  /** Events that the object emits while work runs, in order. */
  async events(work: () => Promise<unknown>): Promise<z.infer<typeof bodySchema>[]> {
    const statements = (await this.watched(work)).filter(({ query }) => query.startsWith("INSERT INTO kit_outbox"));
    return statements.map(({ params }) => bodySchema.parse(JSON.parse(String(params[1]))));
  }

  /** Keys of the room's files. */
  async files(): Promise<string[]> {
    const { objects } = await env.ARCHIVE.list({ prefix: `rooms/t-rooms/${this.name}/` });
    return objects.map(({ key }) => key.slice(`rooms/t-rooms/${this.name}/`.length));
  }
}

const bodySchema = z.object({ type: z.string(), subject: z.string(), data: z.record(z.string(), z.unknown()) });

/** The value of an outcome. @throws when it is a refusal */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.problem.slug}: ${outcome.problem.detail}`);
  return outcome.value;
}

export const slugOf = (outcome: Outcome<unknown>): string => (outcome.ok ? "ok" : outcome.problem.slug);
