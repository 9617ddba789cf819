import * as z from "zod";
import { type KeyRing, keyRing } from "../../contract/key-ring.ts";
import { signingKeyId } from "../../contract/token-kid.ts";
import { needsSigningKey, ringIdOf, SIGNING_KEY_AFTERLIFE_MS } from "../../core/control/signing-keys.ts";
import type { ObjectsEnv } from "../env.ts";
import type { TenantDesk } from "./tenant-desk.ts";
import type { SigningKeyRecord } from "./tenant-signing-keys.ts";

/** The deadline at which signing keys go whose signatures have all ended. */
export const SIGNING_KEYS_TIMER = "signing-keys";

const publicSchema = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string() });

/** @throws when the objects of this deployment were not given its key ring */
export function ringOf({ KEY_RING }: Pick<ObjectsEnv, "KEY_RING">): KeyRing {
  if (KEY_RING === undefined) throw new Error("KEY_RING is not set for the objects script: tenants cannot sign tokens or seal secrets");
  return keyRing({ KEY_RING });
}

/** Keeps the tenant's signing key in step with the key ring. */
export class SigningDesk {
  readonly #desk: TenantDesk;
  /** The key id that was found to be of this ring. A ring of another deployment may call another key by the same name. */
  #proved: { readonly keyId: string; readonly ring: KeyRing } | undefined;

  constructor(desk: TenantDesk) {
    this.#desk = desk;
  }

  /** Makes a signing key where one is needed; writes nothing otherwise. @returns whether it made one */
  async ensure(ring: KeyRing): Promise<boolean> {
    await this.#desk.kit.ready();
    const { profile, signingKeys } = this.#desk.stores;
    if (!profile.find()) return false; // tables without a tenant: its creation failed
    const current = signingKeys.current();
    if (current && !(await this.#isOutdated(current, ring))) return false;
    const key = await makeKey(ring, this.#desk.kit.address.tenantId, (current?.serial ?? 0) + 1);
    return this.#desk.kit.transaction(() => this.#commit(key, current?.serial));
  }

  /** Deletes keys whose time has passed. */
  sweep(now: number): void {
    const { signingKeys } = this.#desk.stores;
    signingKeys.sweep(now);
    const next = signingKeys.firstUntil();
    if (next !== undefined) this.#desk.kit.timers.set(SIGNING_KEYS_TIMER, next);
  }

  async #isOutdated(current: SigningKeyRecord, ring: KeyRing): Promise<boolean> {
    if (needsSigningKey(current, ring.current)) return true;
    if (this.#proved?.keyId === current.keyId && this.#proved.ring === ring) return false;
    const genuine = await signingKeyId(ring, ringIdOf(current.keyId), this.#desk.kit.address.tenantId, current.serial);
    if (genuine !== current.keyId) return true;
    this.#proved = { keyId: current.keyId, ring };
    return false;
  }

  /** Whoever came first has made the key: a second one finds another current serial than it saw, and throws its own away. */
  #commit(key: SigningKeyRecord, seenSerial: number | undefined): boolean {
    const { profile, signingKeys } = this.#desk.stores;
    if (signingKeys.current()?.serial !== seenSerial) return false;
    const { kit } = this.#desk;
    signingKeys.replace(key, kit.now() + SIGNING_KEY_AFTERLIFE_MS);
    profile.advance({ config: true });
    const first = signingKeys.firstUntil();
    if (first !== undefined) kit.timers.set(SIGNING_KEYS_TIMER, first);
    return true;
  }
}

/** An ES256 pair; its private half leaves this function only sealed. */
async function makeKey(ring: KeyRing, tenantId: string, serial: number): Promise<SigningKeyRecord> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("an ECDSA key comes in two halves");
  const [jwk, secret] = await Promise.all([
    crypto.subtle.exportKey("jwk", pair.publicKey),
    crypto.subtle.exportKey("jwk", pair.privateKey),
  ]);
  const ringId = ring.current;
  const sealed = await ring.encrypt("signing-key", Uint8Array.from(new TextEncoder().encode(JSON.stringify(secret))));
  return { serial, keyId: await signingKeyId(ring, ringId, tenantId, serial), jwk: publicSchema.parse(jwk), sealed, until: null };
}
