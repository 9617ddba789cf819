import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { LIVE_CLOSE, LIVE_PING, LIVE_PONG } from "../../contract/live-codes.ts";
import { KIT_LIMITS } from "../../core/kit/limits.ts";
import { createSockets, mayBeSent, type Sockets } from "./sockets.ts";

const attachment = z.object({ id: z.string(), sent: z.number().int() });
type Attachment = z.infer<typeof attachment>;

async function open(name: string, work: (sockets: Sockets<Attachment>, state: DurableObjectState) => void | Promise<void>): Promise<void> {
  await runInDurableObject(env.ATTEMPTS.getByName(`platform/attempts/sockets-${name}`), async (_instance, state) => {
    await work(createSockets(state, { version: 1, attachment }), state);
  });
}

const state = (id: string): Attachment => ({ id, sent: 0 });

describe("sockets", () => {
  it("[KT70] a socket is found by its tags and by its credential, and its attachment comes back", async () => {
    await open("tags", (sockets) => {
      const { socket, response } = sockets.accept({ credential: "key:1", tags: ["room"], attachment: state("a"), protocol: "bearer" });
      sockets.accept({ credential: "key:2", tags: ["room"], attachment: state("b") });
      sockets.accept({ tags: ["key:1"], attachment: state("c") });
      expect([response.status, response.headers.get("sec-websocket-protocol")]).toEqual([101, "bearer"]);
      expect(sockets.tagged()).toHaveLength(3);
      expect(new Set(sockets.tagged("room").map((ws) => sockets.read(ws)?.id))).toEqual(new Set(["a", "b"]));
      expect(sockets.ofCredential("key:1").map((ws) => sockets.read(ws)?.id)).toEqual(["a"]);
      sockets.write(socket, { id: "a", sent: 7 });
      expect(sockets.ofCredential("key:1").map((ws) => sockets.read(ws)?.sent)).toEqual([7]);
    });
  });

  it("[KT71] ten tags with the credential are taken, eleven are refused; 256 characters are taken, 257 are refused", async () => {
    await open("tag-limits", (sockets) => {
      const tags = (count: number) => Array.from({ length: count }, (_, i) => `tag ${i}`);
      const accept = (list: readonly string[], credential?: string) =>
        sockets.accept({ tags: list, attachment: state("x"), ...(credential === undefined ? {} : { credential }) });
      accept(tags(KIT_LIMITS.socketTags));
      accept(tags(KIT_LIMITS.socketTags - 1), "key:1");
      expect(() => accept(tags(KIT_LIMITS.socketTags), "key:1")).toThrow(RangeError);
      accept(["x".repeat(KIT_LIMITS.socketTagChars)]);
      expect(() => accept(["x".repeat(KIT_LIMITS.socketTagChars + 1)])).toThrow(RangeError);
    });
  });

  it("[KT72] an attachment at the limit is taken, one byte more is refused", async () => {
    await open("attachment", (sockets) => {
      const { socket } = sockets.accept({ attachment: state("") });
      const frame = JSON.stringify({ v: 1, a: state("") }).length;
      const largest = state("x".repeat(KIT_LIMITS.attachmentBytes - frame));
      sockets.write(socket, largest);
      expect(sockets.read(socket)).toEqual(largest);
      expect(() => sockets.write(socket, state(`${largest.id}x`))).toThrow(RangeError);
    });
  });

  it("[KT73] an attachment of another version or shape is read as absent", async () => {
    await open("shape", (sockets, ctx) => {
      const { socket } = sockets.accept({ attachment: state("a") });
      const packed = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
      const foreign = [{ v: 2, a: state("a") }, { v: 1, a: { id: 1 } }, state("a"), null].map(packed);
      for (const other of [null, "text", state("a"), new Uint8Array([123, 255]), ...foreign]) {
        socket.serializeAttachment(other);
        expect(sockets.read(socket)).toBeUndefined();
      }
      const newer = createSockets(ctx, { version: 2, attachment });
      newer.write(socket, state("b"));
      expect([sockets.read(socket), newer.read(socket)]).toEqual([undefined, state("b")]);
    });
  });

  it("[KT74] the runtime answers pings by itself", async () => {
    await open("ping", (_sockets, ctx) => {
      const pair = ctx.getWebSocketAutoResponse();
      expect([pair?.request, pair?.response]).toEqual([LIVE_PING, LIVE_PONG]);
    });
  });

  it("[KT75] a revoked credential closes its sockets with 4401, and no other; sending to a closed one says so", async () => {
    await open("revoke", (sockets) => {
      const revoked = sockets.accept({ credential: "key:1", attachment: state("a") });
      const other = sockets.accept({ credential: "key:10", attachment: state("b") });
      expect(sockets.closeCredential("key:1", "revoked")).toBe(1);
      expect([revoked.socket.readyState, other.socket.readyState]).toEqual([WebSocket.CLOSING, WebSocket.OPEN]);
      expect([sockets.send(revoked.socket, "x"), sockets.send(other.socket, "x")]).toEqual([false, true]);
    });
  });

  it("[KT76] closing never throws: twice, with a long reason, or completing a code that may not be sent", async () => {
    await open("close", (sockets) => {
      const { socket } = sockets.accept({ attachment: state("a") });
      sockets.close(socket, LIVE_CLOSE.slow, "é".repeat(200));
      sockets.close(socket, LIVE_CLOSE.slow, "again");
      for (const code of [1000, 1001, 1005, 1006, 1015, 4101]) {
        const { socket: each } = sockets.accept({ attachment: state("a") });
        sockets.completeClose(each, code, "bye");
        expect(each.readyState).toBe(WebSocket.CLOSING);
      }
    });
  });

  it("[KT76] the codes that may be sent are those of RFC 6455 and our own", () => {
    expect([1000, 1003, 1007, 1012, 1014, 3000, 4101, 4999].filter((code) => !mayBeSent(code))).toEqual([]);
    expect([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].filter(mayBeSent)).toEqual([]);
    for (const code of Object.values(LIVE_CLOSE)) expect(mayBeSent(code)).toBe(true);
  });
});
