import { expect, it } from "vitest";
import { Gathering } from "./gathering.ts";

it("[LB39] calls of one moment go on one after the other in the same turn, later ones in a later turn", async () => {
  const gathering = new Gathering();
  let turn = 0;
  const went: [name: string, turn: number][] = [];
  const call = async (name: string): Promise<void> => {
    await gathering.join();
    went.push([name, turn]);
    // What a promise alone puts off still belongs to this turn; a timer's callback begins another.
    if (name === "first") setTimeout(() => (turn = 1), 0);
  };
  await Promise.all(["first", "second", "third"].map(call));
  await call("later");
  expect(went).toEqual([
    ["first", 0],
    ["second", 0],
    ["third", 0],
    ["later", 1],
  ]);
});
