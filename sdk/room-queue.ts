import type { MessageInput } from "../contract/rooms.ts";

/** Messages that wait at most, and how long: older ones are shown as failed. */
export const QUEUE_LIMITS = { messages: 1_000, keepMs: 7 * 86_400_000 } as const;

/** A message on its way. */
export interface Unsent {
  readonly room: string;
  readonly clientId: string;
  readonly message: MessageInput;
  /** Epoch milliseconds when it was written; also the order in which it goes out, with `clientId` behind it. */
  readonly at: number;
  /** `waiting`: not sent, or without an answer. `failed`: refused, see `error`; stays until it is sent again or discarded. */
  readonly state: "waiting" | "failed";
  readonly error?: { readonly code: string; readonly detail: string };
}

/** Where unsent messages outlive the page. */
export interface QueueStore {
  /** Those of a room, as they were put. */
  load(room: string): Promise<Unsent[]>;
  put(unsent: Unsent): Promise<void>;
  remove(room: string, clientId: string): Promise<void>;
}

/** Keeps nothing beyond the program: for Node, and where a browser has no IndexedDB. */
export function memoryQueue(): QueueStore {
  const kept = new Map<string, Unsent>();
  const key = (room: string, clientId: string) => `${room} ${clientId}`;
  return {
    load: async (room) => [...kept.values()].filter((one) => one.room === room),
    put: async (unsent) => void kept.set(key(unsent.room, unsent.clientId), unsent),
    remove: async (room, clientId) => void kept.delete(key(room, clientId)),
  };
}

const STORE = "unsent";

/**
 * Keeps unsent messages in IndexedDB, for one person of one deployment.
 * @param owner whose they are, such as `acme minted|ada`: nobody else who signs in here sends them
 */
export function indexedDbQueue(owner: string, factory: IDBFactory = indexedDB): QueueStore {
  let opening: Promise<IDBDatabase> | undefined;
  const open = async () => await (opening ??= openDatabase(factory, `meridian-rooms ${owner}`));
  const run = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const transaction = (await open()).transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    return await new Promise((done, failed) => {
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error ?? new Error("the browser keeps nothing more"));
    });
  };
  return {
    load: async (room) => await run<Unsent[]>("readonly", (store) => store.getAll(IDBKeyRange.bound([room], [room, []]))),
    put: async (unsent) => {
      await run("readwrite", (store) => store.put(unsent));
    },
    remove: async (room, clientId) => {
      await run("readwrite", (store) => store.delete([room, clientId]));
    },
  };
}

async function openDatabase(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, 1);
  return await new Promise((done, failed) => {
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { keyPath: ["room", "clientId"] });
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error("the browser has no database"));
  });
}

/**
 * The unsent messages of one room: sent in the order in which they were written, over and over until an answer comes; what the server
 * stored twice it acknowledges twice with one offset. Nothing leaves but by an acknowledgement or by `discard`.
 */
export class RoomQueue {
  readonly #room: string;
  readonly #store: QueueStore;
  readonly #changed: () => void;
  #items: Unsent[] = [];
  #loaded: Promise<void> | undefined;
  /** Sent on this connection, without an answer yet. */
  readonly #inFlight = new Set<string>();

  constructor(room: string, store: QueueStore, changed: () => void) {
    this.#room = room;
    this.#store = store;
    this.#changed = changed;
  }

  get items(): readonly Unsent[] {
    return this.#items;
  }

  isInFlight(clientId: string): boolean {
    return this.#inFlight.has(clientId);
  }

  /** What an earlier page left; what is too old is failed, not lost. */
  async load(now: number): Promise<void> {
    await (this.#loaded ??= this.#read(now));
  }

  /** @returns false when so many wait already that this one is not taken */
  async add(message: MessageInput, now: number): Promise<boolean> {
    if (this.#items.length >= QUEUE_LIMITS.messages) return false;
    const at = Math.max(now, (this.#items.at(-1)?.at ?? 0) + 1); // a clock that was set back must not change the order
    const unsent: Unsent = { room: this.#room, clientId: message.clientId, message, at, state: "waiting" };
    this.#items = [...this.#items, unsent];
    this.#changed();
    // Sent whether or not it could be kept: a browser that keeps nothing can still talk.
    await this.#store.put(unsent).catch(() => undefined);
    return true;
  }

  /** The next ones to send, in order; they count as in flight. A failed one holds nobody up. */
  take(atOnce: number): readonly MessageInput[] {
    const free = atOnce - this.#inFlight.size;
    const next = this.#items
      .filter(({ state, clientId }) => state === "waiting" && !this.#inFlight.has(clientId))
      .slice(0, Math.max(0, free));
    for (const { clientId } of next) this.#inFlight.add(clientId);
    return next.map(({ message }) => message);
  }

  /** The connection is gone: whatever has no answer is sent again, in order. */
  disconnected(): void {
    this.#inFlight.clear();
  }

  /** It was not taken now; it and everything behind it goes again. */
  postpone(): void {
    this.#inFlight.clear();
  }

  acknowledged(clientId: string): boolean {
    return this.#drop(clientId);
  }

  /** The server refuses it for good. */
  failed(clientId: string, error: { readonly code: string; readonly detail: string }): void {
    this.#inFlight.delete(clientId);
    this.#replace(clientId, (unsent) => ({ ...unsent, state: "failed", error }));
  }

  retry(clientId: string): void {
    this.#replace(clientId, ({ error: _error, ...unsent }) => ({ ...unsent, state: "waiting" }));
  }

  discard(clientId: string): void {
    this.#drop(clientId);
  }

  async #read(now: number): Promise<void> {
    const kept = await this.#store.load(this.#room).catch(() => []);
    const written = new Set(this.#items.map(({ clientId }) => clientId));
    const earlier = kept
      .filter(({ clientId }) => !written.has(clientId))
      .sort((a, b) => a.at - b.at || (a.clientId < b.clientId ? -1 : 1))
      .map((unsent): Unsent => (now - unsent.at > QUEUE_LIMITS.keepMs ? { ...unsent, state: "failed", error: TOO_OLD } : unsent));
    this.#items = [...earlier, ...this.#items];
    this.#changed();
  }

  #drop(clientId: string): boolean {
    this.#inFlight.delete(clientId);
    const known = this.#items.some((unsent) => unsent.clientId === clientId);
    if (!known) return false;
    this.#items = this.#items.filter((unsent) => unsent.clientId !== clientId);
    this.#changed();
    void this.#store.remove(this.#room, clientId).catch(() => undefined); // sent again after a reload, and acknowledged as the same
    return true;
  }

  #replace(clientId: string, change: (unsent: Unsent) => Unsent): void {
    const before = this.#items.find((unsent) => unsent.clientId === clientId);
    if (!before) return;
    const after = change(before);
    this.#items = this.#items.map((unsent) => (unsent === before ? after : unsent));
    this.#changed();
    void this.#store.put(after).catch(() => undefined);
  }
}

const TOO_OLD = { code: "too-old", detail: "Written more than seven days ago. Send it again, or discard it." };
