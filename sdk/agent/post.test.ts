import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { json, problem } from "../fetch-testing.ts";
import { ingestPost } from "./post.ts";
import { batchNamed } from "./testing.ts";

/** A real server on loopback for one test. */
async function serving(listener: RequestListener): Promise<{ url: string; server: Server; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer(listener);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // an address after listening on a port
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

const bodyOf = async (request: IncomingMessage): Promise<string> => (await request.toArray()).join("");
const answering = (response: Response) =>
  ingestPost({ url: "http://s", key: "mrd_t_k_s", timeoutMs: 1_000, fetch: async () => response })(batchNamed("x"));

describe("ingestPost", () => {
  it("[AG64] sends the batch as it is with the key, and takes 202 as stored", async () => {
    const seen: unknown[] = [];
    await using server = await serving((request, response) => {
      void bodyOf(request).then((body) => {
        const { authorization, "content-encoding": encoding, "content-type": type } = request.headers;
        seen.push([request.method, request.url, authorization, encoding, type, body]);
        response
          .writeHead(202, { "content-type": "application/json" })
          .end('{"accepted":1,"duplicate":false,"rejectedCount":0,"rejected":[]}');
      });
    });
    const outcome = await ingestPost({ url: server.url, key: "mrd_t_k_s", timeoutMs: 5_000 })(batchNamed("payload"));
    expect(outcome).toEqual({ kind: "accepted", rejected: undefined });
    expect(seen).toEqual([["POST", "/v1/metrics/ingest", "Bearer mrd_t_k_s", "gzip", "application/json", "payload"]]);
  });

  it("[AG66] tells which samples of an accepted batch were rejected, and takes an answer that is not ours as stored", async () => {
    const reply = { accepted: 3, duplicate: false, rejectedCount: 2, rejected: [{ index: 0, reason: "timestamp-in-future", detail: "" }] };
    expect(await answering(json(reply, 202))).toEqual({ kind: "accepted", rejected: "2 samples rejected, first timestamp-in-future" });
    for (const odd of ["", "<html>", "null", "[]", '{"rejectedCount":"2"}', '{"rejectedCount":1}', '{"rejectedCount":1,"rejected":[7]}']) {
      expect((await answering(new Response(odd, { status: 202 }))).kind).toBe("accepted");
    }
  });

  it.each([400, 404, 405, 409, 413, 415, 422])("[AG66] takes %i as the batch's own fault", async (status) => {
    expect(await answering(problem(status, "invalid-body"))).toEqual({
      kind: "refused",
      reason: `${status} invalid-body: detail of invalid-body`,
    });
  });

  it.each([401, 403])("[AG67] takes %i as the key's fault", async (status) => {
    expect((await answering(problem(status, "forbidden"))).kind).toBe("unauthorized");
  });

  it.each([408, 429, 500, 502, 503, 504])("[AG65] takes %i as a server that is away, and reads Retry-After", async (status) => {
    expect(await answering(problem(status, "unavailable", {}, { "retry-after": "9" }))).toMatchObject({
      kind: "away",
      retryAfterMs: 9_000,
    });
    expect(await answering(problem(status, "unavailable"))).toMatchObject({ kind: "away", retryAfterMs: undefined });
  });

  it("[AG65] does not follow a redirect, which would carry the key elsewhere, and says where it points", async () => {
    let asked = 0;
    await using other = await serving((_, response) => {
      asked++;
      response.writeHead(202).end("{}");
    });
    await using server = await serving((_, response) => void response.writeHead(308, { location: `${other.url}/v1/metrics/ingest` }).end());
    const outcome = await ingestPost({ url: server.url, key: "mrd_t_k_s", timeoutMs: 5_000 })(batchNamed("x"));
    expect(outcome).toMatchObject({ kind: "away", reason: expect.stringContaining(other.url) });
    expect(asked).toBe(0);
  });

  it("[AG65] a server that is not there, hangs up, never answers or never finishes is away", async () => {
    const gone = await serving(() => undefined);
    await gone[Symbol.asyncDispose]();
    const post = (url: string, timeoutMs = 5_000) => ingestPost({ url, key: "mrd_t_k_s", timeoutMs })(batchNamed("x"));
    expect(await post(gone.url)).toEqual({ kind: "away", reason: "no connection (ECONNREFUSED)", retryAfterMs: undefined });

    await using hangsUp = await serving((request) => request.socket.destroy());
    expect((await post(hangsUp.url)).kind).toBe("away");

    await using silent = await serving(() => undefined);
    expect(await post(silent.url, 20)).toMatchObject({ kind: "away", reason: "no answer within 0.02 s" });

    await using halfOpen = await serving((_, response) => {
      response.writeHead(202, { "content-length": "100" });
      response.write("{");
    });
    expect((await post(halfOpen.url, 50)).kind).toBe("away");
  });

  it("[AG65] a server that speaks no HTTP is away", async () => {
    const server = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n", () => socket.destroy()));
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const { port } = server.address() as AddressInfo; // an address after listening on a port
    const outcome = await ingestPost({ url: `http://127.0.0.1:${port}`, key: "mrd_t_k_s", timeoutMs: 5_000 })(batchNamed("x"));
    expect(outcome.kind).toBe("away");
    await new Promise<void>((done) => server.close(() => done()));
  });
});
