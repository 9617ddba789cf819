import * as z from "zod";
import { keyRing } from "../../contract/key-ring.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { EdgeEnv } from "../env.ts";

const PURPOSE = "media";
/** Addresses that are asked for within the same ten minutes are the same, so that browsers have the file already. */
const STEP_MS = 600_000;

const claimsSchema = z.tuple([z.string(), z.string(), z.string(), z.boolean(), z.number()]);

/** A file of a room, or its small picture. */
export interface MediaPlace {
  readonly tenantId: string;
  readonly room: string;
  readonly mediaId: string;
  readonly thumbnail: boolean;
}

/** What stands in an address that anybody may read this file at, for an hour and ten minutes at most. */
export async function signMedia(env: EdgeEnv, { tenantId, room, mediaId, thumbnail }: MediaPlace, now: number): Promise<string> {
  const expiresAt = Math.ceil((now + ROOM_LIMITS.mediaUrlMs) / STEP_MS) * STEP_MS;
  return await keyRing(env).sign(PURPOSE, new TextEncoder().encode(JSON.stringify([tenantId, room, mediaId, thumbnail, expiresAt])));
}

/** The file that a text of {@link signMedia} names; undefined when it is none of ours, or its time is over. */
export async function readSignedMedia(
  env: EdgeEnv,
  text: string,
  now: number,
): Promise<(MediaPlace & { readonly expiresAt: number }) | undefined> {
  const payload = await keyRing(env).verify(PURPOSE, text);
  if (!payload) return undefined;
  const claims = claimsSchema.safeParse(JSON.parse(new TextDecoder().decode(payload))); // genuine, so JSON; a release may differ
  if (!claims.success) return undefined;
  const [tenantId, room, mediaId, thumbnail, expiresAt] = claims.data;
  return expiresAt > now ? { tenantId, room, mediaId, thumbnail, expiresAt } : undefined;
}
