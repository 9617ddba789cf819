import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../contract/base64.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { History, Media } from "../../contract/rooms.ts";
import { fine, refusal } from "../../tests/workers/leaderboards-testing.ts";
import { type RoomTenant, seedRooms } from "../../tests/workers/rooms-testing.ts";
import { ask, type Asked } from "../control/testing.ts";
import { FILES, jpegOf } from "./media-testing.ts";

const DAY_MS = 86_400_000;

/** A file of this type with so many bytes. */
function fileOf(start: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(bytes);
  file.set(start.subarray(0, bytes));
  return file;
}

async function stored({ tenantId }: RoomTenant): Promise<string[]> {
  return (await env.ARCHIVE.list({ prefix: `rooms/${tenantId}/` })).objects.map(({ key }) => key);
}

/** Asks at an address as anybody would, credential or not. */
async function open(url: string, how: Asked = {}): Promise<Response> {
  const { pathname, search } = new URL(url);
  return await ask(pathname + search, how);
}

async function lobby(): Promise<
  RoomTenant & { readonly ann: string; readonly upload: (raw: BodyInit, query?: string, key?: string) => Promise<Response> }
> {
  const tenant = await seedRooms();
  await tenant.room("lobby", { members: ["ann"] });
  const ann = await tenant.person("ann");
  const upload = async (raw: BodyInit, query = "", key = ann) =>
    await tenant.at(`/lobby/media${query}`, { key, raw, headers: { "content-type": "application/octet-stream", ...lengthOf(raw) } });
  return { ...tenant, ann, upload };
}

/** As every client says it; a request that is only made here does not. */
function lengthOf(raw: BodyInit): Record<string, string> {
  return raw instanceof Uint8Array ? { "content-length": String(raw.byteLength) } : {};
}

describe("a file", () => {
  it("[RM112] is stored with its type, size and digest, shown by a message, and read back by members alone", async () => {
    const tenant = await lobby();
    const { ann, upload } = tenant;
    const file = fileOf(FILES["image/png"], 300_000);
    const media = await fine<Media>(await upload(file), 201);
    expect(media).toMatchObject({ type: "image/png", bytes: 300_000, width: 3, height: 2, hasThumbnail: false });
    await tenant.send("lobby", ann, "", { mediaId: media.mediaId });
    const { items } = await fine<History>(await tenant.at("/lobby/messages", { key: ann }));
    expect(items).toMatchObject([{ kind: "media", media: { type: "image/png", bytes: 300_000, width: 3, height: 2 } }]);
    const read = await tenant.at(`/lobby/media/${media.mediaId}`, { key: ann });
    expect(await sha256Hex(await read.bytes())).toBe(await sha256Hex(file));
    const stranger = await tenant.person("eve");
    expect(await refusal(await tenant.at(`/lobby/media/${media.mediaId}`, { key: stranger }))).toEqual([404, "not-found"]);
    expect(await refusal(await upload(file, "", stranger))).toEqual([404, "not-found"]);
    expect(await refusal(await tenant.at(`/lobby/media/${crypto.randomUUID()}`, { key: ann }))).toEqual([404, "not-found"]);
    expect(await stored(tenant)).toEqual([`rooms/${tenant.tenantId}/lobby/media/${media.mediaId}`]);
  });

  it("[RM112] may lead with a small picture of it, which small readers get", async () => {
    const tenant = await lobby();
    const [small, file] = [fileOf(jpegOf(30, 20), 500), fileOf(jpegOf(3_000, 2_000), 100_000)];
    const both = new Uint8Array([...small, ...file]);
    const media = await fine<Media>(await tenant.upload(both, "?thumbnailBytes=500&width=2000&height=3000"), 201);
    expect(media).toMatchObject({ bytes: 100_000, hasThumbnail: true, width: 2_000, height: 3_000 });
    const bytesAt = async (query: string) =>
      (await (await tenant.at(`/lobby/media/${media.mediaId}${query}`, { key: tenant.ann })).bytes()).length;
    expect([await bytesAt(""), await bytesAt("?w=320"), await bytesAt("?w=321")]).toEqual([100_000, 500, 100_000]);
    const { url } = await fine<Media>(await tenant.at(`/lobby/media/${media.mediaId}?w=320&as=json`, { key: tenant.ann }));
    expect((await (await open(url)).bytes()).length).toBe(500);
    expect(
      await refusal(await tenant.upload(new Uint8Array([...fileOf(FILES["audio/ogg"], 500), ...file]), "?thumbnailBytes=500")),
    ).toEqual([415, "unsupported-media"]);
    expect((await tenant.upload(both, `?thumbnailBytes=${ROOM_LIMITS.thumbnailBytes + 1}`)).status).toBe(400);
  });

  it("[RM110] that is nothing we take is refused, whatever it is called, and leaves nothing behind", async () => {
    const tenant = await lobby();
    const page = new TextEncoder().encode("<!doctype html><script>alert(1)</script>");
    const headers = { "content-type": "image/png", ...lengthOf(page) };
    const answer = await tenant.at("/lobby/media", { key: tenant.ann, raw: page, headers });
    expect(await refusal(answer)).toEqual([415, "unsupported-media"]);
    expect(await refusal(await tenant.upload(new Uint8Array(0)))).toEqual([400, "bad-request"]);
    expect(await stored(tenant)).toEqual([]);
  });

  it("[RM113] has 25 MiB at most, which is seen before anything is read", async () => {
    const tenant = await lobby();
    const limit = ROOM_LIMITS.mediaBytes;
    expect((await tenant.upload(fileOf(FILES["video/mp4"], limit))).status).toBe(201);
    expect(await refusal(await tenant.upload(fileOf(FILES["video/mp4"], limit + 1)))).toEqual([413, "payload-too-large"]);
  });

  it.each([
    ["shorter than announced", 1_000],
    ["longer than announced", 100],
  ])("[RM113] %s is refused, and nothing of it stays", async (_what, announced) => {
    const tenant = await lobby();
    const raw = new Response(fileOf(FILES["image/png"], 500)).body ?? "";
    const headers = { "content-length": String(announced) };
    expect(await refusal(await tenant.at("/lobby/media", { key: tenant.ann, raw, headers }))).toEqual([400, "bad-request"]);
    expect(await stored(tenant)).toEqual([]);
  });

  it("[RM113] without a length is refused before it is read", async () => {
    const tenant = await lobby();
    const raw = new Response(fileOf(FILES["image/png"], 500)).body ?? "";
    expect(await refusal(await tenant.at("/lobby/media", { key: tenant.ann, raw }))).toEqual([400, "bad-request"]);
  });
});

describe("a signed address", () => {
  it("[RM114] is read by anybody for an hour, in parts too, and never rendered as a page of ours", async () => {
    const tenant = await lobby();
    const { mediaId, url } = await fine<Media>(await tenant.upload(fileOf(FILES["application/pdf"], 1_000)), 201);
    expect((await fine<Media>(await tenant.at(`/lobby/media/${mediaId}?as=json`, { key: tenant.ann }))).url).toBe(url);
    const whole = await open(url);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "application/pdf",
      "content-disposition": "attachment",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringContaining("sandbox") as string,
      "cross-origin-resource-policy": "cross-origin",
    });
    expect((await whole.bytes()).length).toBe(1_000);
    const part = await open(url, { headers: { range: "bytes=0-7" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, "%PDF-1.7", "bytes 0-7/1000"]);
    expect((await open(url, { headers: { range: "bytes=1000-" } })).status).toBe(416);
    expect((await open(url, { headers: { "if-none-match": whole.headers.get("etag") ?? "" } })).status).toBe(304);
    expect((await open(url, { env: { CLOCK_OFFSET_MS: String(ROOM_LIMITS.mediaUrlMs - 1_000) } })).status).toBe(200);
    expect(await refusal(await open(url, { env: { CLOCK_OFFSET_MS: String(DAY_MS) } }))).toEqual([404, "not-found"]);
    const forged = url.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    expect(await refusal(await open(forged))).toEqual([404, "not-found"]);
  });

  it("[RM114] is the tenant's own at its door", async () => {
    const [here, there] = [await lobby(), await lobby()];
    const { url } = await fine<Media>(await here.upload(FILES["image/gif"]), 201);
    const path = new URL(url).pathname;
    expect((await ask(`/p/${here.slug}${path}`)).status).toBe(200);
    expect(await refusal(await ask(`/p/${there.slug}${path}`))).toEqual([404, "not-found"]);
  });

  it("[RM114] leads nowhere once the room is gone", async () => {
    const tenant = await lobby();
    const { url } = await fine<Media>(await tenant.upload(FILES["image/gif"]), 201);
    expect((await tenant.at("/lobby", { method: "DELETE" })).status).toBe(204);
    expect(await refusal(await open(url))).toEqual([404, "not-found"]);
    expect(await stored(tenant)).toEqual([]);
  });
});
