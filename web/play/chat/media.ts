import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import type { RoomsApi } from "../../../sdk/api/rooms.ts";

/** Addresses are good for an hour: one that was asked for is used again for most of that. */
const KEEP_MS = 50 * 60_000;
const KNOWN = 2_000;
const known = new Map<string, { readonly url: Promise<string>; readonly until: number }>();

/** Where a file, or its small picture, can be loaded from. */
export async function addressOf(api: RoomsApi, room: string, mediaId: string, small: boolean): Promise<string> {
  const key = `${room} ${mediaId} ${small}`;
  const before = known.get(key);
  if (before && before.until > Date.now()) return await before.url;
  if (known.size >= KNOWN) known.clear();
  const url = api.media(room, mediaId, small).then((media) => media.url);
  known.set(key, { url, until: Date.now() + KEEP_MS });
  url.catch(() => known.delete(key));
  return await url;
}

/** A small picture of a picture, below the limit; undefined of what cannot be drawn. */
export async function thumbnailOf(
  file: Blob,
): Promise<{ readonly small: Blob | undefined; readonly width: number; readonly height: number } | undefined> {
  if (!file.type.startsWith("image/")) return undefined;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return undefined; // not a picture, whatever it calls itself: the server says so
  }
  const { width, height } = bitmap;
  const scale = Math.min(1, ROOM_LIMITS.thumbnailPx / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  for (const quality of [0.8, 0.6, 0.4, 0.2]) {
    const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (small && small.size <= ROOM_LIMITS.thumbnailBytes) return { small, width, height };
  }
  return { small: undefined, width, height };
}
