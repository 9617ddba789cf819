import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seedDemo } from "./demo.ts";

let folder: string;
let server: Server;
let url: string;
/** The deployment's only account, and the requests that are to fail as if the machine went away. */
let account: string | undefined;
let failing: Set<string>;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "meridian-demo-"));
  account = undefined;
  failing = new Set();
  asked = [];
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const { password } = JSON.parse(text || "{}") as { password?: string };
      const signsUp = path.endsWith("/sign-up/email");
      if (signsUp && account === undefined) account = password;
      else if (signsUp || (path.endsWith("/sign-in/email") && password !== account)) return response.writeHead(403).end("{}");
      if (failing.has(path)) return request.socket.destroy();
      const key = { id: "k", name: "n", hint: "mrd_t_k_s", scopes: [], state: "active", createdAt: "2026-11-20T00:00:00Z" };
      const more = { createdBy: "user:u", expiresAt: null, lastUsedAt: null, revokedAt: null, secret: "mrd_t_k_s" };
      return response.writeHead(200, { "set-cookie": "session=1; Path=/" }).end(JSON.stringify({ ...key, ...more }));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

describe("the demo tenant", () => {
  it.each(["/v1/auth/sign-up/email", "/v1/tenant/settings", "/v1/public/metrics/host_cpu_used_ratio", "/v1/keys"])(
    "[SC16] is completed after a start that ended at %s",
    async (path) => {
      failing.add(path);
      await expect(seedDemo(url, folder)).rejects.toThrow();
      expect(existsSync(join(folder, "demo.json"))).toBe(false);
      expect(statSync(join(folder, "demo.begun.json")).mode & 0o077).toBe(0);
      failing.clear();
      const demo = await seedDemo(url, folder);
      expect(demo.password).toBe(account);
      expect(existsSync(join(folder, "demo.begun.json"))).toBe(false);
      const before = asked.length;
      expect(await seedDemo(url, folder)).toEqual(demo);
      expect(asked).toHaveLength(before);
    },
  );
});
