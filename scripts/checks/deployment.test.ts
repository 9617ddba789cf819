import { expect, it } from "vitest";
import { deployment, type Shape, shapeFaults } from "./deployment.ts";

const shape: Shape = {
  compatibilityDate: "2026-08-15",
  crons: ["* * * * *"],
  workerFirst: ["/v1/*"],
  consumers: ["q 1 1 8 d"],
  objects: ["A=A"],
  classes: ["A"],
};

it("[SC17] finds what production would do otherwise than the local platform, for the parts a script has", () => {
  expect(shapeFaults("edge", shape, { ...shape, classes: [] }, ["crons", "objects"])).toEqual([]);
  expect(shapeFaults("edge", shape, { ...shape, crons: [], consumers: ["q 1 1 9 d"] }, ["crons", "consumers", "objects"])).toHaveLength(2);
});

it("[SC17] finds nothing in the configuration as it is", async () => {
  expect(await deployment.run()).toEqual([]);
});
