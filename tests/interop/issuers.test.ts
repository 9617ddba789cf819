import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Meridian } from "../../sdk/client.ts";
import { MeridianUser } from "../../sdk/user.ts";
import { makeCertificate } from "../lib/certificate.ts";
import { freePort, removeState, startTestServer, type TestServer } from "../lib/server.ts";

/** A small product with a sign-in of its own: people, sessions and keys are its business. */
class School {
  readonly iss: string;
  readonly #server: Server;
  readonly #people: Readonly<Record<string, string>> = { ann: "editor", bob: "reader" };
  #key: CryptoKey | undefined;
  #kid = 0;
  #jwks: JWK[] = [];
  /** How often its keys were read. */
  reads = 0;

  constructor(port: number, certificate: { cert: string; key: string }) {
    this.iss = `https://localhost:${port}/`;
    const app = express();
    app.get("/jwks.json", (_request, response) => {
      this.reads++;
      response.json({ keys: this.#jwks });
    });
    app.post("/login/:name", (request, response, next) => {
      this.#tokenFor(request.params.name).then((token) => response.json({ token }), next);
    });
    this.#server = createServer(certificate, app).listen(port, "127.0.0.1");
  }

  /** From now on tokens are signed with a new key; the old one leaves the set. */
  async rotate(): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    this.#key = privateKey;
    this.#jwks = [{ ...(await exportJWK(publicKey)), kid: `k${++this.#kid}`, use: "sig", alg: "ES256" }];
  }

  async #tokenFor(name: string): Promise<string> {
    if (!this.#key || !(name in this.#people)) throw new Error("nobody of that name");
    return await new SignJWT({ name: name.toUpperCase(), roles: [this.#people[name]] })
      .setProtectedHeader({ alg: "ES256", kid: `k${this.#kid}` })
      .setIssuer(this.iss)
      .setAudience("meridian")
      .setSubject(name)
      .setIssuedAt()
      .setExpirationTime("10m")
      .sign(this.#key);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

let folder: string;
let school: School;
let server: TestServer;
let owner: Meridian;
let slug: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meridian-school-"));
  const certificate = makeCertificate("localhost");
  writeFileSync(join(folder, "ca.pem"), certificate.cert);
  const port = await freePort();
  school = new School(port, certificate);
  await school.rotate();
  server = await startTestServer({
    args: ["--outbound-allow", `localhost:${port}`],
    env: { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") },
  });
  owner = await signedIn();
  slug = (await owner.me()).tenant.slug;
  await owner.issuers.put("school", {
    iss: school.iss,
    audiences: ["meridian"],
    jwksUrl: `${school.iss}jwks.json`,
    mapping: {
      name: "name",
      rules: [{ claim: "roles", value: "editor", grants: [{ kind: "metrics", name: "school_*", actions: ["read"] }] }],
    },
  });
  const service = new Meridian({ url: server.url, key: server.demo.apiKey });
  const at = Date.now() - 1_000;
  await service.metrics.ingest({
    samples: ["school_marks", "school_pupils", "shop_orders"].map((metric) => ({ metric, labels: {}, timestamp: at, value: 1 })),
  });
});
afterAll(async () => {
  await server.stop();
  removeState(server);
  await school.close();
  rmSync(folder, { recursive: true, force: true });
});

async function signedIn(): Promise<Meridian> {
  const headers = { origin: server.url, "content-type": "application/json" };
  const { email, password } = server.demo;
  const answer = await fetch(`${server.url}/v1/auth/sign-in/email`, { method: "POST", headers, body: JSON.stringify({ email, password }) });
  const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]);
  return new Meridian({ url: server.url, headers: { ...headers, cookie: cookie.join("; ") } });
}

/** Signs in at the school, as its own page would, and hands the token on. */
async function schoolUser(name: string): Promise<MeridianUser> {
  const user = new MeridianUser({ url: server.url, slug });
  user.adopt({
    token: await schoolToken(name),
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    subject: { issuer: "school", sub: name, name, guest: false },
    refreshHandle: null,
  });
  return user;
}

async function schoolToken(name: string): Promise<string> {
  const { request } = await import("node:https");
  return await new Promise((resolve, reject) => {
    const url = new URL(`login/${name}`, school.iss);
    request(url, { method: "POST", rejectUnauthorized: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve((JSON.parse(text) as { token: string }).token)); // the school's own answer
    })
      .once("error", reject)
      .end();
  });
}

async function statusOfReading(user: MeridianUser, metric: string): Promise<number> {
  const [start, end] = [Date.now() - 600_000, Date.now() + 60_000].map((at) => new Date(at).toISOString());
  try {
    await user.metrics.query({ metric, start: start ?? "", end: end ?? "" });
    return 200;
  } catch (error) {
    return (error as { status: number }).status; // the SDK throws its own errors only
  }
}

it("[SU140] a product's own sign-in is taken as it is, with what the mapping gives to each", async () => {
  const [ann, bob] = [await schoolUser("ann"), await schoolUser("bob")];
  expect([await statusOfReading(ann, "school_marks"), await statusOfReading(ann, "shop_orders")]).toEqual([200, 403]);
  expect(await statusOfReading(bob, "school_marks")).toBe(403);
  expect(await ann.me()).toMatchObject({ issuer: "school", sub: "ann", name: "ANN" });
  const test = await owner.issuers.test("school", await schoolToken("ann"));
  expect(test.checks.every(({ ok }) => ok)).toBe(true);
});

it("[SU140] follows a rotation of the product's keys by itself, and refuses what the old ones signed once they are forgotten", async () => {
  const before = await schoolToken("ann");
  await school.rotate();
  const reads = school.reads;
  expect(await statusOfReading(await schoolUser("ann"), "school_marks")).toBe(200);
  expect(school.reads).toBe(reads + 1);
  const old = await owner.issuers.test("school", before);
  expect(old.checks.at(-1)?.ok).toBe(false);
});

it("[SU141] a sub of one issuer is nobody's sub of another: grants, lists and revocations keep them apart", async () => {
  const service = new Meridian({ url: server.url, key: server.demo.apiKey });
  const minted = await service.tokens.mint({ sub: "ann", name: "Another Ann" });
  const user = new MeridianUser({ url: server.url, slug });
  user.adopt(minted);
  expect(await statusOfReading(user, "school_marks")).toBe(403);
  const ann = await schoolUser("ann");
  expect(await statusOfReading(ann, "school_marks")).toBe(200);
  await expect.poll(async () => (await owner.subjects.list({ search: "ann" })).items.length, { timeout: 15_000 }).toBe(2);
  const refs = (await owner.subjects.list({ search: "ann" })).items.map(({ ref }) => ref);
  expect(new Set(refs).size).toBe(2);
  await owner.tokens.revoke({ kind: "subject", issuer: "minted", sub: "ann" });
  const mintedStatus = async () => (await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${minted.token}` } })).status;
  await expect.poll(mintedStatus, { timeout: 2_000 }).toBe(401);
  expect(await statusOfReading(ann, "school_marks")).toBe(200);
});
