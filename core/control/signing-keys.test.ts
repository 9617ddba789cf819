import { expect, it } from "vitest";
import { needsSigningKey, ringIdOf, SIGNING_KEY_AFTERLIFE_MS } from "./signing-keys.ts";

it("[SU6] a signing key belongs to the ring key in its id, whose own name may hold dashes", () => {
  expect(ringIdOf("k-2026-11-7-0123456789abcdef")).toBe("k-2026-11");
  expect(ringIdOf("dev-1-0123456789abcdef")).toBe("dev");
});

it("[SU6] a signing key is needed when there is none, or when the ring has another current key", () => {
  expect(needsSigningKey(undefined, "dev")).toBe(true);
  expect(needsSigningKey({ keyId: "dev-1-0123456789abcdef" }, "dev")).toBe(false);
  expect(needsSigningKey({ keyId: "dev-1-0123456789abcdef" }, "dev-1")).toBe(true);
});

it("[SU6] a key that was replaced verifies for as long as what it signed may live", () => {
  expect(SIGNING_KEY_AFTERLIFE_MS).toBe(3_660_000);
});
