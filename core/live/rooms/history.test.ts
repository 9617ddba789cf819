import fc from "fast-check";
import { expect, it } from "vitest";
import type { HistoryQuery } from "../../../contract/rooms.ts";
import { service, TestDesk } from "./desk-testing.ts";
import { type HistoryPage, type MessageSource, readHistory } from "./history.ts";

/** A room in which not every place is a message. */
function talked(messages: number): TestDesk {
  const desk = new TestDesk();
  const by = service("write");
  for (let n = 0; n < messages; n++) {
    desk.now += 1_000;
    const offset = desk.say(by);
    if (n % 3 === 0) desk.do(by, { type: "react", offset, emoji: "👍", on: true });
  }
  return desk;
}

function sourceOf({ store }: TestDesk): MessageSource {
  return {
    before: async (offset, limit) => store.messagesBefore(offset, limit),
    after: async (offset, limit) => store.messagesAfter(offset, limit),
  };
}

async function page(desk: TestDesk, query: Partial<HistoryQuery>, cutoff = Number.NEGATIVE_INFINITY): Promise<HistoryPage> {
  const read = await readHistory(sourceOf(desk), { limit: 50, ...query }, desk.store.places().offset, cutoff);
  if (!read.ok) throw new Error(read.problem.slug);
  return read.value;
}

const offsetsOf = ({ items }: Pick<HistoryPage, "items">): number[] => items.map(({ offset }) => offset);

it("[RM25] history begins with the newest 50, and pages in both ways end where the room does, each message once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 130 }), fc.integer({ min: 1, max: 60 }), async (messages, limit) => {
      const desk = talked(messages);
      const all = offsetsOf({ items: desk.store.messagesAfter(0, 1_000) });
      for (const way of ["before", "after"] as const) {
        const seen: number[] = [];
        let pages = 0;
        for (let cursor: string | null | undefined; cursor !== null; pages++) {
          const begin = way === "before" ? {} : { after: 0 };
          const read = await page(desk, { limit, ...(cursor === undefined ? begin : { cursor }) });
          if (way === "before") seen.unshift(...offsetsOf(read));
          else seen.push(...offsetsOf(read));
          cursor = read.nextCursor;
        }
        expect(seen).toEqual(all);
        expect(pages).toBe(Math.max(1, Math.ceil(all.length / limit)));
      }
    }),
    { numRuns: 30, seed: 6 },
  );
  expect(offsetsOf(await page(talked(60), {}))).toHaveLength(50);
});

it("[RM25] `before` and `after` leave their place out; `around` has it in the middle, and goes on towards the older", async () => {
  const desk = talked(60);
  const all = offsetsOf({ items: desk.store.messagesAfter(0, 1_000) });
  const at = all[30] ?? 0;
  expect(offsetsOf(await page(desk, { before: at, limit: 5 }))).toEqual(all.slice(25, 30));
  expect(offsetsOf(await page(desk, { after: at, limit: 5 }))).toEqual(all.slice(31, 36));
  const around = await page(desk, { around: at, limit: 5 });
  expect(offsetsOf(around)).toEqual(all.slice(28, 33));
  expect(offsetsOf(await page(desk, { cursor: around.nextCursor ?? "", limit: 5 }))).toEqual(all.slice(23, 28));
  expect(offsetsOf(await page(desk, { around: at, limit: 1 }))).toEqual([at]);
});

it("[RM25] what comes between two pages neither repeats nor skips a message", async () => {
  const desk = talked(30);
  const before = offsetsOf({ items: desk.store.messagesAfter(0, 1_000) });
  const first = await page(desk, { limit: 10 });
  for (let n = 0; n < 7; n++) desk.say(service("write"));
  const second = await page(desk, { limit: 50, cursor: first.nextCursor ?? "" });
  expect([...offsetsOf(second), ...offsetsOf(first)]).toEqual(before);
});

it("[RM25] a cursor of somebody else's making is refused", async () => {
  const desk = talked(3);
  for (const cursor of ["", "x", btoa('["sideways",3]'), btoa('["before","3"]'), btoa('["before",1.5]')]) {
    const read = await readHistory(sourceOf(desk), { limit: 5, cursor }, 3, 0);
    expect(read).toMatchObject({ ok: false, problem: { slug: "invalid-parameter" } });
  }
});

it("[RM33] what is too old is not shown, and a page of nothing else says where to go on", async () => {
  const desk = talked(60);
  const all = desk.store.messagesAfter(0, 1_000);
  const cutoff = all[20]?.at ?? 0;
  const seen: number[] = [];
  let pages = 0;
  for (let cursor: string | null | undefined; cursor !== null; pages++) {
    const read = await page(desk, { limit: 3, ...(cursor === undefined ? {} : { cursor }) }, cutoff);
    seen.unshift(...offsetsOf(read));
    cursor = read.nextCursor;
  }
  expect(seen).toEqual(all.slice(20).map(({ offset }) => offset));
  expect(pages).toBeLessThan(20);
});
