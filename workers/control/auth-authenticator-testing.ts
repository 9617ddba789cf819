import { fromBase64Url, toBase64Url } from "../../contract/base64.ts";
import type { PasskeyCreate, PasskeySignIn, WebAuthnOptions } from "../../contract/second-factors.ts";

const encoder = new TextEncoder();

/** What an authenticator can be made to do wrong. */
export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  /** Only touched, not verified by finger, face or PIN. */
  readonly touchedOnly?: boolean;
  readonly challenge?: string;
  readonly counter?: number;
}

/** A passkey in software: ES256, attestation `none` (WebAuthn level 3, sections 6.1, 6.5 and 8.7). */
export class Authenticator {
  readonly #keys: CryptoKeyPair;
  readonly #origin: string;
  readonly id = crypto.getRandomValues(new Uint8Array(16));
  #counter = 0;

  private constructor(keys: CryptoKeyPair, origin: string) {
    this.#keys = keys;
    this.#origin = origin;
  }

  static async make(origin: string): Promise<Authenticator> {
    const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    return new Authenticator(keys as CryptoKeyPair, origin); // an asymmetric algorithm gives a pair
  }

  get credentialId(): string {
    return toBase64Url(this.id);
  }

  async create(options: WebAuthnOptions, lies: Lies = {}): Promise<PasskeyCreate["response"]> {
    const rpId = (options["rp"] as { id: string }).id;
    const raw = new Uint8Array((await crypto.subtle.exportKey("raw", this.#keys.publicKey)) as ArrayBuffer); // `raw` gives bytes
    const cose = cbor(new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, raw.slice(1, 33)], [-3, raw.slice(33)]])); // prettier-ignore
    const attested = join(new Uint8Array(16), Uint8Array.of(0, this.id.length), this.id, cose);
    const authData = join(await this.#head(lies.rpId ?? rpId, 0x40, lies), attested);
    const attestationObject = cbor(new Map<string, unknown>([["fmt", "none"], ["attStmt", new Map()], ["authData", authData]])); // prettier-ignore
    return {
      ...this.#credential(),
      response: { clientDataJSON: this.#clientData("webauthn.create", options, lies), attestationObject: toBase64Url(attestationObject) },
    };
  }

  async get(options: WebAuthnOptions, lies: Lies = {}): Promise<PasskeySignIn["response"]> {
    const authData = await this.#head(lies.rpId ?? String(options["rpId"]), 0, lies);
    const clientDataJSON = this.#clientData("webauthn.get", options, lies);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", fromBase64Url(clientDataJSON) ?? new Uint8Array()));
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#keys.privateKey, join(authData, digest));
    return {
      ...this.#credential(),
      response: { clientDataJSON, authenticatorData: toBase64Url(authData), signature: toBase64Url(der(new Uint8Array(signature))) },
    };
  }

  #credential() {
    return { id: this.credentialId, rawId: this.credentialId, type: "public-key" } as const;
  }

  #clientData(type: string, options: WebAuthnOptions, lies: Lies): string {
    const challenge = lies.challenge ?? String(options["challenge"]);
    return toBase64Url(encoder.encode(JSON.stringify({ type, challenge, origin: lies.origin ?? this.#origin, crossOrigin: false })));
  }

  /** SHA-256 of the relying party's id, flags (present 1, verified 4, attested 64) and the counter. */
  async #head(rpId: string, flags: number, lies: Lies): Promise<Uint8Array<ArrayBuffer>> {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(rpId)));
    const counter = new DataView(new ArrayBuffer(4));
    counter.setUint32(0, lies.counter ?? ++this.#counter);
    return join(hash, Uint8Array.of(flags | 1 | (lies.touchedOnly ? 0 : 4)), new Uint8Array(counter.buffer));
  }
}

/** CBOR (RFC 8949) of what a passkey needs: small integers, short texts and bytes, maps. */
function cbor(value: unknown): Uint8Array<ArrayBuffer> {
  const head = (major: number, n: number) =>
    n < 24
      ? Uint8Array.of((major << 5) | n)
      : n < 256
        ? Uint8Array.of((major << 5) | 24, n)
        : Uint8Array.of((major << 5) | 25, n >> 8, n & 255);
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") return join(head(3, value.length), encoder.encode(value));
  if (value instanceof Uint8Array) return join(head(2, value.length), new Uint8Array(value));
  if (value instanceof Map) return join(head(5, value.size), ...[...value].flatMap(([name, part]) => [cbor(name), cbor(part)]));
  throw new Error("not needed for a passkey");
}

/** `r` and `s` as ASN.1 writes them: WebAuthn's form of an ECDSA signature. */
function der(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const integer = (bytes: Uint8Array) => {
    const from = bytes.findIndex((byte) => byte !== 0);
    const short = new Uint8Array(bytes.slice(from));
    const body = (short[0] ?? 0) > 127 ? join(Uint8Array.of(0), short) : short;
    return join(Uint8Array.of(2, body.length), body);
  };
  const both = join(integer(raw.slice(0, 32)), integer(raw.slice(32)));
  return join(Uint8Array.of(0x30, both.length), both);
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
