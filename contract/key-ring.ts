import { fromBase64Url, toBase64Url } from "./base64.ts";

/** What a subkey is for: a text signed for one purpose never verifies for another. */
export type KeyPurpose =
  "live-ticket" | "session" | "invitation" | "cursor" | "signing-key" | "signing-key-id" | "mail-secret" | (string & {});

const RING_ID = /^[A-Za-z0-9-]{1,32}$/;
const IV_BYTES = 12; // AES-GCM's nominal nonce, NIST SP 800-38D section 8.2
const encoder = new TextEncoder();

/** What the program of a single node "schedules" when the ring's file has changed. No cron expression looks like it. */
export const RELOAD_NODE = "@node";

interface RingConfig {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Rises with every edit by `npm run keys`; undefined in a ring that was written by hand. */
  readonly version: number | undefined;
}

/**
 * The deployment's keys. New texts are made with the current key and carry its ring id, so that older ones still open
 * after a rotation, until their key leaves the ring.
 */
export class KeyRing {
  readonly #config: RingConfig;
  readonly #subkeys = new Map<string, Promise<CryptoKey>>();

  /** @param text the KEY_RING variable: `{"current":"<id>","keys":{"<id>":"<base64url of 32 bytes>"}}` @throws when it is not that */
  constructor(text: string) {
    this.#config = parseRing(text);
  }

  get current(): string {
    return this.#config.current;
  }

  /** Ring ids, the current one first. */
  get ids(): readonly string[] {
    return [this.#config.current, ...[...this.#config.keys.keys()].filter((id) => id !== this.#config.current)];
  }

  /** Whether this ring is an earlier edit of that one. Rings that say no version are never older. */
  isOlderThan(other: KeyRing): boolean {
    return (this.#config.version ?? Number.POSITIVE_INFINITY) < (other.#config.version ?? Number.NEGATIVE_INFINITY);
  }

  has(ringId: string): boolean {
    return this.#config.keys.has(ringId);
  }

  /** HMAC-SHA256 of a text by the key of this id, bound to its purpose. @throws when the ring has no such key */
  async mac(purpose: KeyPurpose, ringId: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await crypto.subtle.sign("HMAC", await this.#subkey(ringId, purpose, "sign"), encoder.encode(text)));
  }

  /** The raw secret of a key (the current one) for a library that wants one (better-auth), bound to its purpose; base64url of 32 bytes. */
  async secret(purpose: KeyPurpose, ringId = this.#config.current): Promise<string> {
    const base = await crypto.subtle.importKey("raw", this.#root(ringId), "HKDF", false, ["deriveBits"]);
    return toBase64Url(new Uint8Array(await crypto.subtle.deriveBits(hkdf(purpose, "secret"), base, 256)));
  }

  /** `ringId.payload.mac`, base64url parts; HMAC-SHA256 over ring id and payload. The payload is readable by anyone. */
  async sign(purpose: KeyPurpose, payload: Uint8Array): Promise<string> {
    const head = `${this.#config.current}.${toBase64Url(payload)}`;
    const mac = await crypto.subtle.sign("HMAC", await this.#subkey(this.#config.current, purpose, "sign"), encoder.encode(head));
    return `${head}.${toBase64Url(new Uint8Array(mac))}`;
  }

  /** The payload of a text that {@link sign} made for this purpose, else undefined. Whether it is still timely is the payload's matter. */
  async verify(purpose: KeyPurpose, text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const [ringId = "", payload = "", mac = "", ...rest] = text.split(".");
    const macBytes = fromBase64Url(mac);
    if (rest.length > 0 || !macBytes || !this.#config.keys.has(ringId)) return undefined;
    const key = await this.#subkey(ringId, purpose, "sign");
    const genuine = await crypto.subtle.verify("HMAC", key, macBytes, encoder.encode(`${ringId}.${payload}`));
    return genuine ? fromBase64Url(payload) : undefined;
  }

  /** `ringId.iv+ciphertext`: AES-256-GCM with ring id and purpose as additional data. */
  async encrypt(purpose: KeyPurpose, plain: Uint8Array<ArrayBuffer>): Promise<string> {
    const ringId = this.#config.current;
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const algorithm = { name: "AES-GCM", iv, additionalData: encoder.encode(`${ringId}.${purpose}`) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, await this.#subkey(ringId, purpose, "encrypt"), plain));
    const all = new Uint8Array(iv.length + sealed.length);
    all.set(iv);
    all.set(sealed, iv.length);
    return `${ringId}.${toBase64Url(all)}`;
  }

  /** The plain bytes of what {@link encrypt} made for this purpose, else undefined. */
  async decrypt(purpose: KeyPurpose, text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const [ringId = "", body = "", ...rest] = text.split(".");
    const all = fromBase64Url(body);
    if (rest.length > 0 || !all || all.length <= IV_BYTES || !this.#config.keys.has(ringId)) return undefined;
    const algorithm = { name: "AES-GCM", iv: all.slice(0, IV_BYTES), additionalData: encoder.encode(`${ringId}.${purpose}`) };
    try {
      const key = await this.#subkey(ringId, purpose, "encrypt");
      return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, all.slice(IV_BYTES)));
    } catch {
      return undefined; // the tag does not match: not ours, or changed on the way
    }
  }

  /** Whether a text was made with a key other than the current one, and should be made anew. */
  isOutdated(text: string): boolean {
    return text.split(".", 1)[0] !== this.#config.current;
  }

  #root(ringId: string): Uint8Array<ArrayBuffer> {
    const bytes = this.#config.keys.get(ringId);
    if (!bytes) throw new Error(`the key ring has no key ${ringId}`);
    return bytes;
  }

  #subkey(ringId: string, purpose: KeyPurpose, use: "sign" | "encrypt"): Promise<CryptoKey> {
    const name = `${ringId} ${use} ${purpose}`;
    const known = this.#subkeys.get(name);
    if (known) return known;
    const made = deriveSubkey(this.#root(ringId), purpose, use);
    this.#subkeys.set(name, made);
    return made;
  }
}

function parseRing(text: string): RingConfig {
  const parsed = parseQuietly(text);
  if (typeof parsed !== "object" || parsed === null || !("current" in parsed) || !("keys" in parsed))
    throw new Error("KEY_RING lacks current or keys");
  const { current, keys } = parsed;
  if (typeof current !== "string" || typeof keys !== "object" || keys === null) throw new Error("KEY_RING has another shape");
  const map = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [id, value] of Object.entries(keys)) {
    const bytes = typeof value === "string" ? fromBase64Url(value) : undefined;
    // Messages name the id only: a malformed secret is still a secret.
    if (!RING_ID.test(id) || !bytes || bytes.length !== 32) throw new Error(`KEY_RING: key ${id} is not base64url of 32 bytes`);
    map.set(id, bytes);
  }
  if (!map.has(current)) throw new Error("KEY_RING: the current key is not in the ring");
  const version = "version" in parsed ? parsed.version : undefined;
  if (version !== undefined && !(typeof version === "number" && Number.isSafeInteger(version)))
    throw new Error("KEY_RING: version is not a whole number");
  return { current, keys: map, version };
}

/** JSON.parse quotes what it cannot read in its message, and this text is secret. */
function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("KEY_RING is not JSON");
  }
}

/** RFC 5869; the salt may be empty because the ring's keys are uniformly random. */
function hkdf(purpose: KeyPurpose, use: string) {
  return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: encoder.encode(`meridian/v1/${use}/${purpose}`) };
}

async function deriveSubkey(root: Uint8Array<ArrayBuffer>, purpose: KeyPurpose, use: "sign" | "encrypt"): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", root, "HKDF", false, ["deriveKey"]);
  const algorithm = use === "sign" ? { name: "HMAC", hash: "SHA-256", length: 256 } : { name: "AES-GCM", length: 256 };
  return await crypto.subtle.deriveKey(
    hkdf(purpose, use),
    base,
    algorithm,
    false,
    use === "sign" ? ["sign", "verify"] : ["encrypt", "decrypt"],
  );
}

let parsed: { readonly text: string; readonly ring: KeyRing } | undefined;
let installed: KeyRing | undefined;

/** The deployment's key ring, parsed once per isolate: the installed one, else that of the environment. @throws when KEY_RING is malformed */
export function keyRing(env: { readonly KEY_RING: string }): KeyRing {
  if (installed) return installed;
  if (parsed?.text !== env.KEY_RING) parsed = { text: env.KEY_RING, ring: new KeyRing(env.KEY_RING) };
  return parsed.ring;
}

/**
 * Puts a ring in the place of the environment's for the rest of this isolate's life; null gives the environment's back. An earlier
 * edit of the ring in force is not taken, however late it comes in. @returns the ring in force @throws when the text is no ring
 */
export function installKeyRing(env: { readonly KEY_RING: string }, text: string | null): KeyRing {
  const ring = text === null ? undefined : new KeyRing(text);
  if (!ring || !ring.isOlderThan(keyRing(env))) installed = ring;
  return keyRing(env);
}
