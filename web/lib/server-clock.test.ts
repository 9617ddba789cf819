import { describe, expect, it } from "vitest";
import type { LiveStatus } from "../../sdk/live-types.ts";
import { describeLink } from "./link-words.ts";
import { ClockOffset } from "./server-clock.ts";

describe("the server's clock", () => {
  it("[UI15] is taken from the least delayed of the recent observations", () => {
    const clock = new ClockOffset();
    expect(clock.offsetMs).toBe(0);
    clock.note(10_000, 5_200); // 200 ms under way
    clock.note(11_000, 6_020); // 20 ms
    clock.note(12_000, 7_900); // 900 ms
    expect(clock.offsetMs).toBe(4_980);
  });

  it("[UI15] is learned anew when a clock is set", () => {
    const clock = new ClockOffset();
    for (let i = 0; i < 30; i++) clock.note(100_000 + i, i);
    for (let i = 0; i < 20; i++) clock.note(i, i);
    expect(clock.offsetMs).toBe(0);
  });
});

describe("the connection light", () => {
  const at = 1_000_000;
  const words = (status: LiveStatus | undefined, newest = 0, retryAt = at) => describeLink(status, retryAt, newest, at).words;

  it("[UI16] says live, counts down to the next attempt, and how old the data is when offline", () => {
    expect(words({ light: "live", since: at })).toBe("live");
    expect(words({ light: "reconnecting", inMs: 5_000, since: at }, 0, at + 2_100)).toBe("reconnecting in 3 s");
    expect(words({ light: "reconnecting", inMs: 0, since: at })).toBe("reconnecting");
    const offline = { light: "offline", since: at, stopped: false, reason: "unreachable", inMs: 0 } as const;
    expect(words(offline, at - 42_000)).toBe("offline, data is 42 s old");
    expect(words(offline)).toBe("offline");
  });

  it("[UI16] tells a lost sign-in from a missing right", () => {
    const stopped = { light: "offline", since: at, stopped: true, inMs: 0 } as const;
    expect(words({ ...stopped, reason: "unauthorized" })).toBe("signed out elsewhere");
    expect(words({ ...stopped, reason: "denied" })).toBe("not live for your role");
  });
});
