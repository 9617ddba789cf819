import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const TEXT = 1;
const CLOSE = 8;

/**
 * A WebSocket (RFC 6455) on a plain TCP connection, so that a test can stop reading: what the other side sends then stays with it. Reads
 * what our servers send: whole text frames and a close.
 */
export class RawSocket {
  readonly #tcp: Socket;
  readonly #onText: (text: string) => void;
  #rest = Buffer.alloc(0);
  #isOpen = false;
  /** The code of the close that was read, once it was. */
  closeCode: number | undefined;
  /** Bytes of text frames that were read. */
  textBytes = 0;

  private constructor(tcp: Socket, onText: (text: string) => void) {
    this.#tcp = tcp;
    this.#onText = onText;
    tcp.on("data", (chunk) => this.#read(chunk));
    // What the other side does to a connection that nobody reads is its own affair.
    tcp.on("error", () => undefined);
  }

  static open(url: URL, credential: string, onText: (text: string) => void): RawSocket {
    const tcp = connect(Number(url.port), url.hostname);
    const socket = new RawSocket(tcp, onText);
    const head = [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      `Authorization: Bearer ${credential}`,
    ];
    tcp.write(`${head.join("\r\n")}\r\n\r\n`);
    return socket;
  }

  /** From now on nothing is read. */
  stopReading(): void {
    this.#tcp.pause();
  }

  goOn(): void {
    this.#tcp.resume();
  }

  destroy(): void {
    this.#tcp.destroy();
  }

  send(frame: object): void {
    const payload = Buffer.from(JSON.stringify(frame));
    if (payload.length > 65_535) throw new Error("too long for a test's frame");
    const mask = randomBytes(4);
    const head =
      payload.length < 126
        ? Buffer.from([0x80 | TEXT, 0x80 | payload.length])
        : Buffer.from([0x80 | TEXT, 0x80 | 126, payload.length >> 8, payload.length & 255]);
    for (let n = 0; n < payload.length; n++) payload[n] = (payload[n] ?? 0) ^ (mask[n % 4] ?? 0);
    this.#tcp.write(Buffer.concat([head, mask, payload]));
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isOpen) {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end === -1) return;
      const status = this.#rest.subarray(0, end).toString().split("\r\n")[0] ?? "";
      if (!status.includes(" 101 ")) throw new Error(`no upgrade: ${status}`);
      this.#isOpen = true;
      this.#rest = this.#rest.subarray(end + 4);
    }
    for (let frame = takeFrame(this.#rest); frame; frame = takeFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.end);
      if (frame.opcode === TEXT) {
        this.textBytes += frame.payload.length;
        this.#onText(frame.payload.toString());
      } else if (frame.opcode === CLOSE) this.closeCode = frame.payload.readUInt16BE(0);
    }
  }
}

/** The first whole frame of what was read; a server's frames are not masked. */
function takeFrame(from: Buffer): { readonly opcode: number; readonly payload: Buffer; readonly end: number } | undefined {
  if (from.length < 2) return undefined;
  const short = (from[1] ?? 0) & 127;
  const begin = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (from.length < begin) return undefined;
  const length = short === 126 ? from.readUInt16BE(2) : short === 127 ? Number(from.readBigUInt64BE(2)) : short;
  if (from.length < begin + length) return undefined;
  return { opcode: (from[0] ?? 0) & 15, payload: from.subarray(begin, begin + length), end: begin + length };
}
