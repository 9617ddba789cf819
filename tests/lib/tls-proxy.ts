import { createServer, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Certificate } from "./certificate.ts";

export interface TlsProxyOptions extends Certificate {
  /** Where the node listens, on loopback. */
  readonly backendPort: number;
  readonly port: number;
  readonly httpPort: number;
  /** The header that says the client's address. */
  readonly addressHeader?: string;
  /** Sends its own idea of the host on, as a proxy that was not told does. */
  readonly losesHost?: boolean;
}

export interface TlsProxy {
  stop(): Promise<void>;
}

/**
 * A TLS proxy as deploy/node has one of nginx: hands on the host, overwrites the header that says the client's address, drops the
 * one that only the runtime may see, passes on everything else that clients send, opens sockets through, and leads plain http to https.
 */
export async function startTlsProxy(options: TlsProxyOptions): Promise<TlsProxy> {
  const sockets = new Set<Socket>();
  const tls = createTlsServer({ cert: options.cert, key: options.key }, (incoming, outgoing) => {
    const forward = httpRequest(forwarded(incoming, options), (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    forward.once("error", () => outgoing.headersSent || outgoing.writeHead(502).end());
    outgoing.once("close", () => forward.destroy());
    incoming.pipe(forward);
  });
  tls.on("upgrade", (incoming: IncomingMessage, client: Duplex, head: Buffer) => passUpgrade(incoming, client, head, options));
  const plain = createServer((incoming, outgoing) => {
    const host = (incoming.headers.host ?? "").replace(/:\d+$/, "");
    outgoing.writeHead(308, { location: `https://${host}:${options.port}${incoming.url ?? "/"}` }).end();
  });
  for (const [server, port] of [
    [tls, options.port],
    [plain, options.httpPort],
  ] as const) {
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    await listen(server, port);
  }
  return {
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([tls, plain].map(async (server) => await new Promise((done) => server.close(done))));
    },
  };
}

function forwarded(incoming: IncomingMessage, options: TlsProxyOptions): RequestOptions {
  const { addressHeader = "x-real-ip", backendPort } = options;
  const headers = { ...incoming.headers, [addressHeader.toLowerCase()]: incoming.socket.remoteAddress?.replace(/^::ffff:/, "") };
  delete headers["mf-cf-blob"];
  if (options.losesHost) headers.host = `127.0.0.1:${backendPort}`;
  return { host: "127.0.0.1", port: backendPort, method: incoming.method ?? "GET", path: incoming.url ?? "/", headers, agent: false };
}

function passUpgrade(incoming: IncomingMessage, client: Duplex, head: Buffer, options: TlsProxyOptions): void {
  const forward = httpRequest(forwarded(incoming, options));
  const write = (answer: IncomingMessage): void => {
    const pairs = answer.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? `${name}: ${answer.rawHeaders[i + 1] ?? ""}` : []));
    client.write(`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ""}\r\n${pairs.join("\r\n")}\r\n\r\n`);
  };
  forward.once("upgrade", (answer, backend, first) => {
    write(answer);
    client.write(first);
    backend.write(head);
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.once("close", () => to.destroy());
    }
  });
  forward.once("response", (answer) => {
    write(answer);
    answer.pipe(client);
  });
  forward.once("error", () => client.destroy());
  forward.end();
}

async function listen(server: Server, port: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // a TCP server has one
  });
}
