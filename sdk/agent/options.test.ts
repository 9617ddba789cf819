import { describe, expect, it } from "vitest";
import { type AgentOptions, parseOptions } from "./options.ts";

const good = ["--url", "http://127.0.0.1:8787", "--key", "mrd_t_k_secret"];

function options(args: string[], env: Record<string, string> = {}): AgentOptions {
  const parsed = parseOptions(args, env, "1.2.3");
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.options;
}

const refusal = (args: string[], env: Record<string, string> = {}): string => {
  const parsed = parseOptions(args, env, "1.2.3");
  return parsed.ok ? "accepted" : parsed.message;
};

describe("options", () => {
  it("[AG57] flags win over the environment, which wins over defaults", () => {
    const env = {
      MERIDIAN_URL: "https://env.example",
      MERIDIAN_KEY: "mrd_e_n_v",
      MERIDIAN_INTERVAL: "7",
      MERIDIAN_LABELS: "a=1,b=2",
      MERIDIAN_HOST: "env-host",
    };
    expect(options([], env)).toMatchObject({
      url: "https://env.example",
      key: "mrd_e_n_v",
      intervalMs: 7_000,
      labels: { a: "1", b: "2" },
      host: "env-host",
    });
    expect(options([...good, "--interval", "10", "--label", "c=3=4", "--host", "h"], env)).toMatchObject({
      url: "http://127.0.0.1:8787",
      key: "mrd_t_k_secret",
      intervalMs: 10_000,
      labels: { c: "3=4" },
      host: "h",
    });
    expect(options(good)).toMatchObject({ intervalMs: 5_000, spoolMaxBytes: 64 << 20, labels: {}, log: "plain" });
  });

  it.each([
    [[], "--url is missing"],
    [["--url", "ftp://x", "--key", "mrd_a"], "--url must be an http"],
    [["--url", "nonsense", "--key", "mrd_a"], "--url must be an http"],
    [["--url", "http://u:p@x", "--key", "mrd_a"], "--url must not hold a credential"],
    [["--url", "http://x/path", "--key", "mrd_a"], "without a path"],
    [["--url", "http://x"], "--key must be an API key"],
    [["--url", "http://x", "--key", "mrd_a\nb"], "--key must be an API key"],
    [[...good, "--interval", "0.9"], "--interval must be 1 to 300"],
    [[...good, "--interval", "301"], "--interval must be 1 to 300"],
    [[...good, "--interval", "soon"], "--interval must be 1 to 300"],
    [[...good, "--label", "host=x"], "--label host=x"],
    [[...good, "--label", "novalue"], "--label novalue"],
    [[...good, ...Array.from({ length: 11 }, (_, i) => ["--label", `l${i}=x`]).flat()], "at most 10 labels"],
    [[...good, "--host", "h".repeat(254)], "--host must have"],
    [[...good, "--host", "a\u0007b"], "--host must have"],
    [[...good, "--spool-max-mb", "0"], "--spool-max-mb"],
    [[...good, "--log", "xml"], "--log must be"],
    [[...good, "--colour"], "--colour"],
  ])("[AG57] refuses %j and names the flag", (args, text) => {
    expect(refusal(args)).toContain(text);
  });

  it("[AG57] an interval, a host and labels at their limits are taken", () => {
    expect(options([...good, "--interval", "1"]).intervalMs).toBe(1_000);
    expect(options([...good, "--interval", "300"]).intervalMs).toBe(300_000);
    expect(options([...good, "--host", "h".repeat(253)]).host).toHaveLength(253);
    expect(Object.keys(options([...good, ...Array.from({ length: 10 }, (_, i) => ["--label", `l${i}=x`]).flat()]).labels)).toHaveLength(10);
  });

  it("[AG57] agents of another deployment, tenant or host get another spool folder, a rotated key the same", () => {
    const folder = (url: string, key: string, host: string) => options(["--url", url, "--key", key, "--host", host]).spoolFolder;
    const base = folder("http://a", "mrd_t_k1_s1", "h");
    expect(folder("http://a", "mrd_t_k2_s2", "h")).toBe(base);
    for (const other of [
      folder("http://b", "mrd_t_k_s", "h"),
      folder("http://a", "mrd_u_k_s", "h"),
      folder("http://a", "mrd_t_k_s", "i"),
    ]) {
      expect(other).not.toBe(base);
    }
    expect(options(good, { STATE_DIRECTORY: "/var/lib/meridian" }).spoolFolder).toMatch(
      /^\/var\/lib\/meridian\/meridian-agent\/[0-9a-f]{16}$/,
    );
  });

  it("[AG57] help and version are answers, not mistakes", () => {
    expect(parseOptions(["--help"], {}, "1.2.3")).toMatchObject({ ok: false, help: true });
    expect(parseOptions(["--version"], {}, "1.2.3")).toEqual({ ok: false, help: true, message: "1.2.3" });
  });
});
