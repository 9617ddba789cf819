import { z } from "@hono/zod-openapi";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import { mediaKey, thumbnailKey } from "../../contract/room-files.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import { type Media, mediaSchema } from "../../contract/rooms.ts";
import type { MediaRecord } from "../../contract/rpc/room.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { serveMedia } from "./media-file.ts";
import { MAX_PX, shownSize, sizeOf } from "./media-kind.ts";
import { storeUpload } from "./media-upload.ts";
import { readSignedMedia, signMedia } from "./media-url.ts";
import { publicOrigin } from "./public-origin.ts";
import { forMembers, inRoom, type RoomCall, roomParams } from "./rooms-calls.ts";

const pixels = z.coerce.number().int().min(1).max(MAX_PX).optional();
const uploadQuery = z.object({
  width: pixels,
  height: pixels,
  thumbnailBytes: z.coerce.number().int().min(0).max(ROOM_LIMITS.thumbnailBytes).default(0),
});
const readQuery = z.object({
  w: z.coerce.number().int().min(1).max(100_000).optional(),
  as: z.enum(["file", "json"]).default("file"),
});
const mediaParams = roomParams.extend({ mediaId: z.uuid() });

/** Files in a room: streamed into the archive, and read back by members, or by anybody at a signed address. */
export function registerRoomMediaRoutes(app: App): void {
  registerUpload(app);
  registerReading(app);
}

function registerUpload(app: App): void {
  route(
    app,
    {
      ...forMembers,
      method: "post",
      path: "/v1/rooms/{room}/media",
      action: "rooms:write",
      summary: "Send a file into a room",
      description: `The body is the file, ${ROOM_LIMITS.mediaBytes} bytes at most, with a Content-Length; what it is its first bytes say. With \`thumbnailBytes\` the body begins with so many bytes of a small picture of it. \`width\` and \`height\` are for files that do not say their own. A message with the \`mediaId\` shows it.`,
      params: roomParams,
      query: uploadQuery,
      rawBody: { mediaTypes: ["*/*"] },
      answer: { status: 201, schema: mediaSchema },
      problems: ["not-found", "invalid-id", "unsupported-media", "payload-too-large", "request-timeout", "muted", "rate-limited"],
    },
    async (call) => {
      const { env, principal, params, query, now } = call;
      const { room } = params;
      const { tenantId } = principal;
      const allowed = await inRoom(call, room, async (object, by) => await object.mayUpload(by));
      if (!allowed.ok) return allowed;
      const mediaId = uuidv7(now, cryptoRandom);
      const keys = [mediaKey(tenantId, room, mediaId), thumbnailKey(tenantId, room, mediaId)] as const;
      const put = async (key: string, body: ReadableStream<Uint8Array> | Uint8Array, contentType: string) =>
        await env.ARCHIVE.put(key, body, { httpMetadata: { contentType } });
      const stored = await storeUpload(call.request, query.thumbnailBytes, {
        file: async (body, type) => await put(keys[0], body, type),
        thumbnail: async (bytes, type) => await put(keys[1], bytes, type),
      });
      const noted = stored.ok
        ? await note(call, room, { ...stored.value, mediaId, hasThumbnail: query.thumbnailBytes > 0 }, query)
        : stored;
      if (noted.ok) return accept(await mediaOf(call, room, noted.value, false));
      await env.ARCHIVE.delete([...keys]); // what no room knows of nobody could remove
      return noted;
    },
  );
}

/** Tells the room of a file that is there now. */
async function note(
  call: RoomCall,
  room: string,
  {
    head,
    type,
    bytes,
    sha256,
    mediaId,
    hasThumbnail,
  }: Pick<MediaRecord, "type" | "bytes" | "sha256" | "mediaId" | "hasThumbnail"> & { readonly head: Uint8Array },
  { width, height }: { readonly width?: number | undefined; readonly height?: number | undefined },
): Promise<Outcome<MediaRecord>> {
  const told = width !== undefined && height !== undefined ? { width, height } : undefined;
  const size = shownSize(sizeOf(type, head), told);
  const record: MediaRecord = { mediaId, type, bytes, sha256, hasThumbnail, width: size?.width ?? null, height: size?.height ?? null };
  return await inRoom(call, room, async (object, by) => await object.noteMedia(by, record, call.meta));
}

function registerReading(app: App): void {
  route(
    app,
    {
      ...forMembers,
      method: "get",
      path: "/v1/rooms/{room}/media/{mediaId}",
      action: "rooms:read",
      summary: "A file of a room",
      description: `\`w\` up to ${ROOM_LIMITS.thumbnailPx}: the small picture, where there is one. \`as=json\`: what it is, and an address that needs no credential for an hour. Ranges are served.`,
      params: mediaParams,
      query: readQuery,
      answer: { status: 200, mediaType: "*/*" },
      problems: ["not-found", "invalid-id"],
    },
    async (call): Promise<Outcome<never> | Response> => {
      const { env, request, principal, params, query } = call;
      const { room, mediaId } = params;
      const found = await inRoom(call, room, async (object, by) => await object.ask(by, "media", { mediaId }));
      if (!found.ok) return found;
      const thumbnail = found.value.hasThumbnail && query.w !== undefined && query.w <= ROOM_LIMITS.thumbnailPx;
      if (query.as === "json") return Response.json(await mediaOf(call, room, found.value, thumbnail), { headers: call.answerHeaders });
      return await serveMedia(env, request, { tenantId: principal.tenantId, room, mediaId, thumbnail }, 0);
    },
  );
  route(
    app,
    {
      method: "get",
      path: "/v1/room-media/{token}",
      action: "open",
      door: "also",
      tag: "live",
      summary: "A file of a room at its signed address",
      params: z.object({ token: z.string().min(1).max(1_024) }),
      answer: { status: 200, mediaType: "*/*" },
      problems: ["not-found"],
    },
    async ({ env, request, params, door, now }): Promise<Outcome<never> | Response> => {
      const place = await readSignedMedia(env, params.token, now);
      if (!place || (door && door.tenantId !== place.tenantId))
        return refuse("not-found", "This address is not good any more. Get a new one.");
      return await serveMedia(env, request, place, Math.floor((place.expiresAt - now) / 1_000));
    },
  );
}

interface MediaCall extends RoomCall {
  readonly request: Request;
  readonly door?: unknown;
}

async function mediaOf(
  { env, request, door, principal, now }: MediaCall,
  room: string,
  { mediaId, type, bytes, width, height, hasThumbnail }: MediaRecord,
  thumbnail: boolean,
): Promise<Media> {
  const token = await signMedia(env, { tenantId: principal.tenantId, room, mediaId, thumbnail }, now);
  const origin = publicOrigin(new URL(request.url), env.PUBLIC_URL, door !== undefined);
  return { mediaId, type, bytes, width, height, hasThumbnail, url: new URL(`/v1/room-media/${token}`, origin).href };
}
