import { describe, expect, it } from "vitest";
import { ask } from "./testing.ts";

const SETUP_TOKEN = "tok-0123456789abcdef";
const guarded = { SETUP_TOKEN };
const person = { name: "First", email: "first@example.com", password: "correct horse battery" };
const signUp = async (more: object) => await ask("/v1/auth/sign-up/email", { body: { ...person, ...more }, env: guarded });
const deployment = async () => await (await ask("/v1/deployment", { env: guarded })).json();

describe("the first sign-up of a node that faces the internet", () => {
  it("[ND6] takes the setup token and nothing else, and says before that it needs one", async () => {
    expect(await deployment()).toMatchObject({ signUpOpen: true, setupToken: true });
    for (const wrong of [{}, { setupToken: "" }, { setupToken: SETUP_TOKEN.slice(0, -1) }, { setupToken: `${SETUP_TOKEN}x` }]) {
      const refused = await signUp(wrong);
      expect(refused.status, JSON.stringify(wrong)).toBe(403);
      expect(await refused.json()).toMatchObject({ errors: [{ pointer: "/setupToken" }] });
    }
    expect((await signUp({ setupToken: SETUP_TOKEN })).status).toBe(200);
    // It opens nothing a second time, and nobody is asked for it any more.
    expect((await signUp({ setupToken: SETUP_TOKEN, email: "second@example.com" })).status).toBe(403);
    expect(await deployment()).toMatchObject({ signUpOpen: false, setupToken: false });
  });
});
