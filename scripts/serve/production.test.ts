import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";
import { judgeProduction, type Surroundings } from "./production.ts";
import { digestsOf } from "./ring-status.ts";

const KEY = "A".repeat(42) + "E";
const OTHER = "B".repeat(42) + "E";
const RING = JSON.stringify({ current: "k1", keys: { k1: KEY } });
const FIT = ["--production", "--public-url", "https://ops.example.com", "--trusted-proxy-header", "X-Real-IP"];

const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  env: { MERIDIAN_KEY_RING_FILE: "/etc/ring.json" },
  readFile: (path) => (path === "/etc/ring.json" ? { text: RING, mode: 0o600 } : undefined),
  stateMode: 0o700,
  demoFiles: [],
  hasDemoOperator: false,
  ringDigests: {},
  ...more,
});

function problems(args: string[], more: Partial<Surroundings> = {}): string {
  const verdict = judgeProduction(readOptions(args), around(more));
  return verdict.ok ? "" : verdict.problems.join("\n");
}

function settings(args: string[], more: Partial<Surroundings> = {}) {
  const verdict = judgeProduction(readOptions(args), around(more));
  if (!verdict.ok) throw new Error(verdict.problems.join("\n"));
  return verdict.settings;
}

describe("a production start", () => {
  it("[ND1] names all that is missing or wrong at once", () => {
    const all = problems(["--production", "--host", "0.0.0.0", "--demo", "--agent", "--trusted-proxy-header", "Cookie"], {
      env: {},
      stateMode: 0o755,
      demoFiles: ["demo.json"],
    });
    for (const name of [
      "MERIDIAN_KEY_RING",
      "--public-url",
      "--host",
      "--demo",
      "MERIDIAN_AGENT_KEY",
      "--trusted-proxy-header",
      "chmod 700",
      "demo.json",
    ])
      expect(all, name).toContain(name);
    expect(all).toContain("npm run keys -- new");
  });

  it("[ND1] is fit with what it needs, and takes names and admins from the environment", () => {
    const env = { MERIDIAN_KEY_RING: RING, MERIDIAN_DEPLOYMENT_ADMINS: "a@example.com", MERIDIAN_DEPLOYMENT_NAME: "Ops" };
    expect(settings(FIT, { env })).toMatchObject({
      publicUrl: "https://ops.example.com",
      trustedProxyHeader: "X-Real-IP",
      keyRing: RING,
      keyRingFile: undefined,
      deploymentName: "Ops",
      deploymentAdmins: "a@example.com",
      agentKey: undefined,
    });
  });

  it("[ND2] takes the ring from one place, and only when nobody else may read it", () => {
    expect(settings(FIT)).toMatchObject({ keyRing: RING, keyRingFile: "/etc/ring.json" });
    for (const mode of [0o640, 0o604, 0o620])
      expect(problems(FIT, { readFile: () => ({ text: RING, mode }) })).toContain("chmod 600 /etc/ring.json");
    expect(problems(FIT, { readFile: () => undefined })).toContain("cannot be read");
    expect(problems(FIT, { env: { MERIDIAN_KEY_RING: RING, MERIDIAN_KEY_RING_FILE: "/etc/ring.json" } })).toContain("one truth");
  });

  it("[ND2] says what is wrong with a ring without a word of it", () => {
    for (const text of [
      `{"current":"k1","keys":{"k1":"${KEY}x"}}`,
      `{"keys":{"k1":"${KEY}"}}`,
      KEY,
      `{"current":"k9","keys":{"k1":"${KEY}"}}`,
    ]) {
      const said = problems(FIT, { env: { MERIDIAN_KEY_RING: text } });
      expect(said).toContain("MERIDIAN_KEY_RING: KEY_RING");
      expect(said).not.toContain(KEY.slice(0, 8));
    }
  });

  it("[ND2] refuses a ring without a key that the state was made with, also under the same id", () => {
    const mine = { ringDigests: digestsOf(RING) };
    expect(problems(FIT, mine)).toBe("");
    const other = JSON.stringify({ current: "k1", keys: { k1: OTHER } });
    expect(problems(FIT, { ...mine, readFile: () => ({ text: other, mode: 0o600 }) })).toContain("lacks k1");
    const both = JSON.stringify({ current: "k2", keys: { k1: KEY, k2: OTHER } });
    expect(problems(FIT, { ...mine, readFile: () => ({ text: both, mode: 0o600 }) })).toBe("");
  });

  it.each([
    "http://ops.example.com",
    "https://ops.example.com/console",
    "https://me:pw@ops.example.com",
    "https://ops.example.com?x=1",
    "https://ops.example.com#x",
    "ops.example.com",
    "",
  ])("[ND3] refuses %j as a public URL", (url) => {
    expect(problems(["--production", "--public-url", url])).toContain("--public-url");
  });

  it("[ND3] takes an origin, with a port and with a last slash", () => {
    expect(settings(["--production", "--public-url", "https://ops.example.com:8443/"]).publicUrl).toBe("https://ops.example.com:8443");
  });

  it.each(["Cookie", "authorization", "Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "X Real IP", "X-Real-IP:", ""])(
    "[ND4] refuses %j as the header of the client's address",
    (name) => {
      expect(problems(["--production", "--public-url", "https://ops.example.com", "--trusted-proxy-header", name])).toContain(
        "--trusted-proxy-header",
      );
    },
  );

  it("[ND4] says what a node without such a header misses", () => {
    expect(settings(["--production", "--public-url", "https://ops.example.com"]).remarks.join()).toContain("share one bucket");
    expect(settings(FIT).remarks.join()).not.toContain("share one bucket");
  });

  it("[ND5] refuses what is left of a demo, unless it is to be deleted", () => {
    for (const left of [{ demoFiles: ["demo.json"] }, { demoFiles: ["demo.begun.json"] }, { hasDemoOperator: true }]) {
      expect(problems(FIT, left)).toContain("begin anew with --fresh");
      expect(problems([...FIT, "--fresh"], left)).toBe("");
    }
    expect(problems([...FIT, "--demo"])).toContain("--demo");
    expect(problems([...FIT, "--no-demo"])).toBe("");
  });

  it("[ND6] takes a setup token that nobody guesses", () => {
    const env = (token: string) => ({ env: { MERIDIAN_KEY_RING: RING, MERIDIAN_SETUP_TOKEN: token } });
    expect(problems(FIT, env("x".repeat(15)))).toContain("MERIDIAN_SETUP_TOKEN");
    expect(settings(FIT, env("x".repeat(16))).setupToken).toBe("x".repeat(16));
  });

  it("[ND7] has options of its own, which another start refuses", () => {
    for (const [name, value] of [
      ["--public-url", "https://x.example"],
      ["--trusted-proxy-header", "X-Real-IP"],
      ["--log-file", "-"],
    ] as const)
      expect(() => readOptions([name, value])).toThrow(`${name} belongs to --production`);
    expect(readOptions([])).toMatchObject({ production: false, demo: undefined, agent: undefined });
  });

  it("[ND8] listens on loopback only", () => {
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "ops.example.com"]) expect(problems([...FIT, "--host", host])).toContain("--host");
    for (const host of ["127.0.0.1", "127.8.0.1", "::1", "localhost"]) expect(problems([...FIT, "--host", host])).toBe("");
  });

  it("[ND1] has an agent only when asked, with a key of its own", () => {
    const env = { MERIDIAN_KEY_RING: RING, MERIDIAN_AGENT_KEY: "mrd_x" };
    expect(settings(FIT, { env }).agentKey).toBeUndefined();
    expect(settings([...FIT, "--agent"], { env }).agentKey).toBe("mrd_x");
    expect(problems([...FIT, "--clock-offset", "5"])).toContain("--clock-offset");
  });
});
