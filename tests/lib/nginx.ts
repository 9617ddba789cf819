import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/project.ts";
import type { Certificate } from "./certificate.ts";
import type { TlsProxy } from "./tls-proxy.ts";

export interface NginxOptions extends Certificate {
  readonly backendPort: number;
  readonly port: number;
  readonly httpPort: number;
  readonly host: string;
}

/** Where nginx is on this machine; undefined without one. */
export function findNginx(): string | undefined {
  return ["nginx", "/usr/sbin/nginx"].find((program) => spawnSync(program, ["-v"], { stdio: "ignore" }).status === 0);
}

/** Runs nginx with deploy/node/nginx.conf as it stands there, but for its name, ports and certificate. @throws with what nginx says */
export async function startNginx(program: string, options: NginxOptions): Promise<TlsProxy> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-nginx-"));
  writeFileSync(join(folder, "cert.pem"), options.cert);
  writeFileSync(join(folder, "key.pem"), options.key, { mode: 0o600 });
  const site = replaceAll(readFileSync(join(ROOT, "deploy/node/nginx.conf"), "utf8"), [
    ["ops.example.com;", `${options.host};`],
    ["listen 443 ssl", `listen 127.0.0.1:${options.port} ssl`],
    ["listen 80;", `listen 127.0.0.1:${options.httpPort};`],
    ["http://127.0.0.1:8787", `http://127.0.0.1:${options.backendPort}`],
    ["https://$host$request_uri", `https://$host:${options.port}$request_uri`],
    ["Host $host;", `Host $host:${options.port};`],
    ["/etc/letsencrypt/live/ops.example.com/fullchain.pem", join(folder, "cert.pem")],
    ["/etc/letsencrypt/live/ops.example.com/privkey.pem", join(folder, "key.pem")],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${join(folder, name)};`);
  const whole = [
    "daemon off; master_process off; worker_processes 1;",
    `pid ${join(folder, "nginx.pid")}; error_log stderr warn;`,
    "events { worker_connections 512; }",
    `http { access_log off; ${temporary.join(" ")}`,
    site,
    "}",
  ];
  writeFileSync(join(folder, "nginx.conf"), whole.join("\n"));
  const child = spawn(program, ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", "stderr"], { stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for (let tries = 0; ; tries++) {
    const answers = await fetch(`http://127.0.0.1:${options.httpPort}/`, { redirect: "manual" }).then(
      () => true,
      () => false,
    );
    if (answers) break;
    if (child.exitCode !== null || tries > 100) throw new Error(`nginx does not answer:\n${said}`);
    await new Promise((later) => setTimeout(later, 50));
  }
  return {
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @throws when a text is not there: the file has changed, and this must know it */
function replaceAll(text: string, pairs: readonly (readonly [from: string, to: string])[]): string {
  return pairs.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`deploy/node/nginx.conf no longer holds "${from}"`);
    return before.replaceAll(from, to);
  }, text);
}
