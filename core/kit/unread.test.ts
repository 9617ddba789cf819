import { expect, it } from "vitest";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { acknowledge, unreadVerdict } from "./unread.ts";

it("[KT77] a reader is coalesced above the soft bound and closed above the hard one; at a bound the milder holds", () => {
  const { unackedSoft: soft, unackedHard: hard } = LIVE_LIMITS;
  expect([0, soft, soft + 1, hard, hard + 1].map((unread) => unreadVerdict(1_000 + unread, 1_000))).toEqual([
    "send",
    "send",
    "coalesce",
    "coalesce",
    "close",
  ]);
});

it("[KT78] an acknowledgement never goes back and never beyond what was sent", () => {
  expect([acknowledge(10, 4, 7), acknowledge(10, 4, 3), acknowledge(10, 4, 99)]).toEqual([7, 4, 10]);
  expect(unreadVerdict(10, 99)).toBe("send");
});
