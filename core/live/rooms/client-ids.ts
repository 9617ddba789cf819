import type { RoomStore, StoredMessage } from "./store.ts";

/** Messages of one packed block; the newest ones that no block holds yet are read from their rows at the first send after a sleep. */
export const CLIENT_ID_BLOCK = 250;
/** Blocks that are kept: a repetition is recognised among the newest hundred thousand messages. */
const CLIENT_ID_BLOCKS = 400;

/**
 * Finds what was sent before. An index by sender and client id would double the rows of every send; this writes one row each 250
 * messages: hashes in order, each with its message's offset. A hash only says where to look, the message itself decides.
 */
export class ClientIds {
  readonly #store: RoomStore;
  #blocks: Float64Array[] | undefined;
  /** Behind the newest block: hash to offsets. */
  #tail = new Map<number, number[]>();
  #tailMessages = 0;

  constructor(store: RoomStore) {
    this.#store = store;
  }

  /** Forgets memory: what it holds is read anew when it is asked for. */
  reset(): void {
    this.#blocks = undefined;
    this.#tail = new Map();
    this.#tailMessages = 0;
  }

  find(sender: string, clientId: string): StoredMessage | undefined {
    const blocks = this.#load();
    const hash = hashOf(sender, clientId);
    const places = [...(this.#tail.get(hash) ?? []), ...blocks.flatMap((block) => placesIn(block, hash))];
    for (const offset of places) {
      const message = this.#store.message(offset);
      if (message?.sender === sender && message.clientId === clientId) return message;
    }
    return undefined;
  }

  /** After the message was appended. */
  add(message: Pick<StoredMessage, "offset" | "sender" | "clientId">): void {
    if (this.#blocks === undefined) {
      this.#load(); // its row is among those that are read
      return;
    }
    this.#push(message);
    this.#pack(message.offset);
  }

  #push({ offset, sender, clientId }: Pick<StoredMessage, "offset" | "sender" | "clientId">): void {
    this.#tailMessages += 1;
    if (clientId === null) return;
    const hash = hashOf(sender, clientId);
    const places = this.#tail.get(hash);
    if (places) places.push(offset);
    else this.#tail.set(hash, [offset]);
  }

  #pack(last: number): void {
    if (this.#tailMessages < CLIENT_ID_BLOCK) return;
    const pairs = [...this.#tail].flatMap(([hash, offsets]) => offsets.map((offset) => [hash, offset] as const));
    pairs.sort(([a, x], [b, y]) => a - b || x - y);
    const block = new Float64Array(pairs.flat());
    this.#store.putClientIdBlock({ last, bytes: new Uint8Array(block.buffer) });
    this.#blocks?.push(block);
    while ((this.#blocks?.length ?? 0) > CLIENT_ID_BLOCKS) this.#blocks?.shift();
    this.#store.trimClientIdBlocks(CLIENT_ID_BLOCKS);
    this.#tail = new Map();
    this.#tailMessages = 0;
  }

  #load(): readonly Float64Array[] {
    if (this.#blocks !== undefined) return this.#blocks;
    const stored = this.#store.clientIdBlocks();
    this.#blocks = stored.map(({ bytes }) => new Float64Array(bytes.slice().buffer));
    for (let after = stored.at(-1)?.last ?? 0; ;) {
      const page = this.#store.messagesAfter(after, CLIENT_ID_BLOCK);
      for (const message of page) {
        this.#push(message);
        this.#pack(message.offset);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < CLIENT_ID_BLOCK) return this.#blocks;
      after = last.offset;
    }
  }
}

/** Offsets of a hash in a block of pairs sorted by hash. */
function placesIn(block: Float64Array, hash: number): number[] {
  let [low, high] = [0, block.length / 2];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle * 2] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  const places: number[] = [];
  for (let at = low; at * 2 < block.length && block[at * 2] === hash; at++) places.push(block[at * 2 + 1] ?? 0);
  return places;
}

/** Two 32-bit FNV-1a hashes over UTF-16 units, 52 bits of them. */
function hashOf(sender: string, clientId: string): number {
  const low = fnv(clientId, fnv(sender, 0x811c9dc5));
  const high = fnv(sender, fnv(clientId, 0x2f3a61b9));
  return (high & 0xfffff) * 2 ** 32 + low;
}

function fnv(text: string, begin: number): number {
  let hash = begin;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
