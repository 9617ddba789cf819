import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { ingestBodySchema, type IngestBody } from "../../contract/metrics.ts";

/** How the server treats ingest: stores it, answers a status, or never answers. */
export type Mood = "stores" | "hangs" | { readonly status: number; readonly headers?: Record<string, string> };

/** A tiny deployment on loopback: ingest that parses with the contract, and the control socket. */
export interface AgentServer {
  readonly url: string;
  mood: Mood;
  readonly batches: IngestBody[];
  readonly authorizations: Set<string>;
  /** Text frames that agents sent, parsed. */
  readonly frames: { type: string; health?: { configVersion: number; spoolBatches: number } }[];
  /** Sends bytes as they are on every open control socket. */
  raw(bytes: Buffer): void;
  say(text: string): void;
  /** Resolves as soon as the condition holds; it is looked at after every request and frame. */
  until(condition: () => boolean): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startAgentServer(port = 0): Promise<AgentServer> {
  const waiting = new Set<{ condition: () => boolean; resolve: () => void }>();
  const look = (): void => {
    for (const one of waiting) {
      if (!one.condition()) continue;
      waiting.delete(one);
      one.resolve();
    }
  };
  const sockets = new Set<Socket>();
  const control = new Set<Socket>();
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const { mood } = self;
      self.authorizations.add(request.headers.authorization ?? "");
      if (mood === "stores") {
        const body = ingestBodySchema.parse(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()));
        self.batches.push(body);
        const reply = { accepted: body.samples.length, duplicate: false, rejectedCount: 0, rejected: [] };
        response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify(reply));
      } else if (mood !== "hangs") response.writeHead(mood.status, mood.headers).end();
      else self.frames.push({ type: "hanging ingest" });
      look();
    });
  });
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    self.authorizations.add(request.headers.authorization ?? "");
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    control.add(socket.on("close", () => control.delete(socket)).on("error", () => undefined));
    let pending = Buffer.alloc(0);
    socket.on("data", (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      for (let frame = readFrame(pending); frame; frame = readFrame(pending)) {
        pending = pending.subarray(frame.length);
        if (frame.opcode === 1) self.frames.push(JSON.parse(frame.text) as AgentServer["frames"][number]); // what the agent under test says
      }
      look();
    });
  });
  await new Promise<void>((ready) => server.listen(port, "127.0.0.1", ready));
  const self: AgentServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // an address after listening on a port
    mood: "stores",
    batches: [],
    authorizations: new Set(),
    frames: [],
    raw: (bytes) => control.forEach((socket) => socket.write(bytes)),
    say: (text) => self.raw(textFrame(text)),
    until: async (condition) => {
      if (condition()) return;
      await new Promise<void>((resolve) => waiting.add({ condition, resolve }));
    },
    [Symbol.asyncDispose]: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
  return self;
}

/** An unmasked text frame (RFC 6455 section 5.2). */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x81, payload.length]), payload]);
  const header = Buffer.alloc(10);
  header[0] = 0x81;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([header, payload]);
}

function readFrame(bytes: Buffer): { opcode: number; text: string; length: number } | undefined {
  if (bytes.length < 6) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const at = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at + 4) return undefined;
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const length = at + 4 + size;
  if (bytes.length < length) return undefined;
  const payload = Buffer.from(bytes.subarray(at + 4, length)).map((byte, i) => byte ^ (bytes[at + (i % 4)] ?? 0));
  return { opcode: (bytes[0] ?? 0) & 0x0f, text: Buffer.from(payload).toString(), length };
}
