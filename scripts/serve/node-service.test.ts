import { describe, expect, it, vi } from "vitest";
import { answerPlatform } from "./node-service.ts";

const routes = {
  "GET /key-ring": () => ({ status: 200, body: "ring" }),
  "PUT /key-ring-walk": (body: string) => ({ status: 204, body }),
  "GET /broken": () => {
    throw new Error("file of secrets");
  },
};

describe("what the platform asks of its node", () => {
  it("[ND29] is answered by name, and anything else is not there", async () => {
    expect(await answerPlatform(routes, new Request("http://node/key-ring"))).toEqual({ status: 200, body: "ring" });
    expect(await answerPlatform(routes, new Request("http://node/key-ring-walk", { method: "PUT", body: "{}" }))).toEqual({
      status: 204,
      body: "{}",
    });
    for (const request of [new Request("http://node/key-ring", { method: "POST" }), new Request("http://node/other")])
      expect((await answerPlatform(routes, request)).status).toBe(404);
  });

  it("[ND29] fails without a word of why to the platform", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await answerPlatform(routes, new Request("http://node/broken"))).toEqual({ status: 500, body: "the node could not answer" });
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
  });
});
