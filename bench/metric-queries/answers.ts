import * as z from "zod";

const text = z.string();
const prometheusSchema = z.object({
  status: z.literal("success"),
  data: z.union([z.array(text), z.object({ result: z.array(z.object({ values: z.array(z.tuple([z.number(), text])) })) })]),
});
const ownSchema = z.union([
  z.object({ items: z.array(z.object({ value: text })) }),
  z.object({ series: z.array(z.object({ values: z.array(z.number().nullable()) })) }),
]);

/** What is in an answer of either form, so far that different answers look different. */
export function readAnswer(body: string): { series: number; values: number; sum: number } {
  const parsed: unknown = JSON.parse(body);
  const own = ownSchema.safeParse(parsed);
  if (own.success && "items" in own.data) return { series: 0, values: own.data.items.length, sum: 0 };
  const series: number[][] = [];
  if (own.success && "series" in own.data) series.push(...own.data.series.map(({ values }) => values.filter((value) => value !== null)));
  else {
    const { data } = prometheusSchema.parse(parsed);
    if (Array.isArray(data)) return { series: 0, values: data.length, sum: 0 };
    series.push(...data.result.map(({ values }) => values.map(([, value]) => Number(value))));
  }
  const filled = series.filter((values) => values.length > 0);
  const all = filled.flat();
  return { series: filled.length, values: all.length, sum: all.reduce((sum, value) => sum + value, 0) };
}
