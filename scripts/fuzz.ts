import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./lib/project.ts";

/** `npm run fuzz -- [name] [--seed n] [--runs n]`: every `tests/fuzz/<name>.ts` exports `fuzz(seed, runs)`, which throws with the input that broke it. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, runs: { type: "string", default: "100000" } },
});
const folder = join(ROOT, "tests/fuzz");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -3));
const chosen = positionals.length > 0 ? positionals : names;
for (const name of chosen) {
  if (!names.includes(name)) {
    console.error(`There is no fuzz "${name}". There are: ${names.join(", ")}`);
    process.exit(2);
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const loaded: unknown = await import(join(folder, `${name}.ts`));
  if (typeof loaded !== "object" || loaded === null || !("fuzz" in loaded) || typeof loaded.fuzz !== "function")
    throw new Error(`tests/fuzz/${name}.ts exports no fuzz(seed, runs)`);
  console.log(`${name}: seed ${seed}, ${values.runs} runs; again with: npm run fuzz -- ${name} --seed ${seed} --runs ${values.runs}`);
  await loaded.fuzz(seed, Number(values.runs));
  console.log(`${name}: ok`);
}
