import type { Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { exactValue, formatClock, formatValue, type Unit } from "../lib/format.ts";
import { isolate } from "../lib/isolate.ts";
import { type Band, type Lines, type Summary, summariseWithin } from "../lib/series.ts";

interface LegendProps {
  readonly lines: Lines;
  readonly colours: ReadonlyMap<string, { token: string; dashed: boolean }>;
  readonly unit: Unit;
  /** Around the lines that have one: their extremes are those of the band. */
  readonly bands?: ReadonlyMap<string, Band> | undefined;
  readonly isolated: readonly string[];
  readonly onIsolate: (names: readonly string[]) => void;
  /** The step under the crosshair; its values take the place of the last ones. */
  readonly cursor: Signal<number | null>;
}

const COLUMNS = ["min", "max", "avg"] as const satisfies readonly (keyof Summary)[];

/** The legend as a table. A click on a name shows it alone; Ctrl-click adds. */
export function ChartLegend({ lines, colours, unit, bands, isolated, onIsolate, cursor }: LegendProps) {
  const rows = useMemo(
    () => [...lines.lines].map(([name, values]) => ({ name, values, summary: summariseWithin(values, bands?.get(name)) })),
    [lines, bands],
  );
  const at = cursor.value;
  const head = at === null ? "last" : formatClock(lines.startMs + at * lines.stepMs);
  return (
    <div class="legend">
      <table>
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col" class="number">
              {head}
            </th>
            {COLUMNS.map((name) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, values, summary }) => {
            const value = at === null ? summary.last : (values[at] ?? null);
            const off = isolated.length > 0 && !isolated.includes(name);
            const colour = colours.get(name);
            return (
              <tr key={name} class={off ? "off" : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    title={`Show ${name} alone; with Ctrl, add it`}
                    aria-pressed={isolated.includes(name)}
                    onClick={(event) => onIsolate(isolate(isolated, name, event.ctrlKey || event.metaKey))}
                  >
                    <span class={`swatch ${colour?.token.slice(2) ?? ""}${colour?.dashed ? " dashed" : ""}`} />
                    {name}
                  </button>
                </th>
                <td class="number" title={exactValue(value, unit)}>
                  {formatValue(value, unit)}
                </td>
                {COLUMNS.map((column) => (
                  <td key={column} class="number" title={exactValue(summary[column], unit)}>
                    {formatValue(summary[column], unit)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
