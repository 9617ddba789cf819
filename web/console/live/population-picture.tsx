import { useSignal } from "@preact/signals";
import { ChartColumn, Table2 } from "lucide";
import type { Review } from "../../../contract/leaderboard-reads.ts";
import { plural } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { scoreWords } from "./board-words.ts";
import { type Bar, histogramPicture } from "./case-pictures.ts";

const COLUMNS: readonly [Column<Bar>, ...Column<Bar>[]] = [
  {
    key: "from",
    title: "Scores",
    value: ({ from }) => from,
    cell: ({ from, to }) => `${scoreWords(Math.round(from))} to ${scoreWords(Math.round(to))}`,
  },
  { key: "count", title: "Runs", number: true, value: ({ count }) => count, cell: ({ count }) => count.toLocaleString("en") },
];

/** The player beside everybody: how many runs scored what, and where the suspicious ones lie. */
export function PopulationPicture({ of }: { of: Review }) {
  const asTable = useSignal(false);
  const { median, p90, p99, runs } = of.population;
  if (!of.histogram)
    return (
      <Card title="Beside everybody">
        <p class="muted">There are {plural(runs, "run")} to compare with; the picture begins at 30.</p>
      </Card>
    );
  const scores = of.suspicious.filter(({ removed }) => !removed).map(({ score }) => score);
  const { low, high, bars, marks } = histogramPicture(of.histogram, scores);
  const figures = [
    ["median", median],
    ["p90", p90],
    ["p99", p99],
  ] as const;
  return (
    <Card
      title="Beside everybody"
      aside={
        <Button
          kind="quiet"
          icon={asTable.value ? ChartColumn : Table2}
          label={asTable.value ? "Show everybody as bars" : "Show everybody as a table"}
          pressed={asTable.value}
          onClick={() => (asTable.value = !asTable.value)}
        />
      }
    >
      {asTable.value ? (
        <div class="lb-bins">
          <Table name="population" label="Runs of everybody, by score" columns={COLUMNS} rows={bars} id={({ from }) => String(from)} />
        </div>
      ) : (
        <figure class="lb-picture">
          <div
            class="lb-bars"
            role="img"
            aria-label={`Scores of ${plural(runs, "run")} with ${plural(marks.length, "suspicious one")} marked`}
          >
            {bars.map(({ x, width, height, count, from, to }) => (
              <div
                key={from}
                class="lb-bar"
                style={{ left: `${x * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` }}
                title={`${scoreWords(Math.round(from))} to ${scoreWords(Math.round(to))}: ${plural(count, "run")}`}
              />
            ))}
            {marks.map((x, i) => (
              <div key={i} class="lb-mark" style={{ left: `${x * 100}%` }} />
            ))}
          </div>
          <figcaption class="muted">
            <span>{scoreWords(Math.round(low))}</span>
            <span>logarithmic heights</span>
            <span>{scoreWords(Math.round(high))}</span>
          </figcaption>
        </figure>
      )}
      <p class="muted">
        <span class="lb-key" /> suspicious ·{" "}
        {figures.map(([words, value]) => (value === null ? "" : `${words} ${scoreWords(Math.round(value))} · `))}
        {plural(runs, "run")}
      </p>
    </Card>
  );
}
