import { describe, expect, it } from "vitest";
import { hashPassword, PASSWORD_LIMITS, PasswordsBusy, verifyPassword, whenHashing } from "./auth-password.ts";

describe("passwords", { timeout: 30_000 }, () => {
  it("[AC21] are kept as scrypt with a salt of their own and their parameters beside it", () => {
    const [first, second] = [hashPassword("correct horse"), hashPassword("correct horse")];
    expect(first).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=$/);
    expect(first).not.toBe(second);
    expect(verifyPassword(first, "correct horse")).toBe(true);
    expect(verifyPassword(first, "correct horse ")).toBe(false);
  });

  it("[AC21] typed composed or decomposed are the same", () => {
    expect(verifyPassword(hashPassword("gr\u00fcn"), "gru\u0308n")).toBe(true);
  });

  it("[AC21] hashed with other parameters still verify, and what is no hash verifies nothing", () => {
    // RFC 7914 section 12, third vector shortened to 32 bytes: N=16384, r=8, p=1.
    const vector = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2";
    const hash = Buffer.from(vector, "hex").toString("base64");
    const salt = Buffer.from("SodiumChloride").toString("base64");
    expect(verifyPassword(`$scrypt$ln=14,r=8,p=1$${salt}$${hash}`, "pleaseletmein")).toBe(true);
    for (const stored of ["", "plain", "$scrypt$ln=14,r=8,p=1$$", `$scrypt$ln=14,r=8,p=1$${salt}$AAAA`]) {
      expect(verifyPassword(stored, "")).toBe(false);
    }
  });

  it("[AC21] so many may wait and not one more; what the platform ended is given up on", async () => {
    const release: (() => void)[] = [];
    const held = Array.from({ length: PASSWORD_LIMITS.waiting }, async () => {
      await whenHashing(1_000, async () => await new Promise<void>((done) => release.push(done)));
    });
    await expect(whenHashing(1_000, async () => "in")).rejects.toBeInstanceOf(PasswordsBusy);
    expect(await whenHashing(1_001 + PASSWORD_LIMITS.staleMs, async () => "in")).toBe("in");
    for (const done of release) done();
    await Promise.all(held);
    expect(await whenHashing(1_000, async () => "in")).toBe("in");
  });
});
