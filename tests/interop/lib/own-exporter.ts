import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const SECOND = 1_000;
const BOUNDS = [0.1, 0.5, 1, 2.5, Number.POSITIVE_INFINITY];
const ROOMS = [{ room: "Küche", floor: "1" }, { room: "xyz" }, { room: "bad", floor: "2" }, { room: 'we"ird\\ro\nom', floor: "1" }];
const ROUTES = [
  { route: "/a", perSecond: 37, from: 0 },
  { route: "/b", perSecond: 13, from: 0 },
  { route: "/late", perSecond: 7, from: 20 },
];

/**
 * What exporters do to a store that well-behaved ones never do: counters that begin again (`a` at 25 and 40 s), a target that is down
 * (`b` from 33 to 38 s), series that come and go, samples with times of their own, numbers at the edges of doubles. Everything follows
 * from the seconds since it was started, so that a disagreement happens again.
 */
export class OwnExporter {
  readonly #server: Server;
  readonly #startMs = Date.now();

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", ({ url }, response: ServerResponse) => {
      const instance = (url ?? "/").slice(1);
      const seconds = (Date.now() - this.#startMs) / SECOND;
      if (instance === "b" && seconds >= 33 && seconds < 38) return void response.writeHead(503).end();
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(exposition(instance, seconds, this.#startMs));
    });
  }

  static async start(): Promise<OwnExporter> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new OwnExporter(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on a port, not on a pipe
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

function exposition(instance: string, seconds: number, startMs: number): string {
  const lines: string[] = [];
  const line = (name: string, labels: Readonly<Record<string, string>>, value: number | string, at = ""): void => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    lines.push(`${name}{${pairs.join(",")}} ${value} ${at}`.trimEnd());
  };
  const other = instance === "b" ? 0.31 : 0;
  lines.push("# TYPE own_requests_total counter", "# HELP own_requests_total Requests by route.");
  const counting = instance === "a" ? seconds - [40, 25, 0].find((reset) => seconds >= reset)! : seconds;
  for (const { route, perSecond, from } of ROUTES) {
    if (seconds < from) continue;
    line("own_requests_total", { route, code: "200" }, 1 + Math.floor(counting * perSecond * (1 + other)));
    line("own_requests_total", { route, code: "500" }, Math.floor(counting * perSecond * 0.07));
  }
  lines.push("# TYPE own_temperature_celsius gauge");
  ROOMS.forEach((labels, n) => line("own_temperature_celsius", labels, 20 + 5 * Math.sin(seconds / 3 + n * 1.7 + other)));
  lines.push("# TYPE own_flicker gauge");
  if (Math.floor(seconds / 8) % 2 === 0) line("own_flicker", { which: "even" }, seconds);
  if (seconds < 30) line("own_flicker", { which: "once" }, -seconds);
  lines.push("# TYPE own_odd gauge");
  line("own_odd", { kind: "nan" }, "NaN");
  line("own_odd", { kind: "infinite" }, "-Inf");
  line("own_odd", { kind: "tiny" }, 5e-324);
  line("own_odd", { kind: "huge" }, 1.7976931348623157e308);
  line("own_odd", { kind: "negative" }, -0.1 - Math.floor(seconds));
  line("own_odd", { kind: "zero" }, "-0");
  lines.push("# TYPE own_seldom_total counter");
  const seldom = Math.floor(seconds / 7);
  // Prometheus keeps a sample from before its own start and sends it to nobody.
  if (seldom >= 2) line("own_seldom_total", {}, 5 * seldom, String(startMs + seldom * 7 * SECOND));
  lines.push("# TYPE own_latency_seconds histogram");
  for (const { route, perSecond } of ROUTES) {
    const count = Math.floor(seconds * perSecond);
    for (const bound of BOUNDS) {
      const le = Number.isFinite(bound) ? String(bound) : "+Inf";
      const share = Number.isFinite(bound) ? 1 - Math.exp(-bound * (perSecond / 10)) : 1;
      line("own_latency_seconds_bucket", { route, le }, Math.floor(count * share));
    }
    line("own_latency_seconds_sum", { route }, count * 0.4);
    line("own_latency_seconds_count", { route }, count);
  }
  return `${lines.join("\n")}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
