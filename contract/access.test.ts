import { expect, it } from "vitest";
import { ACCESS_LIMITS, keyCreateSchema, signUpSchema } from "./access.ts";

const key = (name: string) => keyCreateSchema.safeParse({ name, scopes: ["metrics:read"] }).success;

it("[AC38] takes names that people can read, in any script, and at most as long as a line", () => {
  for (const name of ["a", "Zoë's ключ 鍵 🗝️", "x".repeat(ACCESS_LIMITS.nameChars)]) expect(key(name), name).toBe(true);
  expect(key("x".repeat(ACCESS_LIMITS.nameChars + 1))).toBe(false);
  expect(key("   ")).toBe(false);
});

it("[AC38] refuses names with control characters or half a character", () => {
  for (const name of ["a\u0000b", "a\nb", "a\u001b[31mb", "a\ud800", "\udc00a"]) expect(key(name), JSON.stringify(name)).toBe(false);
  const person = { email: "ada@example.com", password: "long enough to pass", name: "n\ud800m" };
  expect(signUpSchema.safeParse(person).success).toBe(false);
});
