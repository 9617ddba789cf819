import { useSignal } from "@preact/signals";
import { CalendarClock, ChevronDown } from "lucide";
import { formatSpan } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { customRange, rangeBounds, rangeQuery, readRange, RELATIVE_RANGES, type TimeRange } from "../../lib/time-range.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";

/** `2026-11-20T06:12:41` in the viewer's zone, as `datetime-local` wants it. */
function localText(atMs: number): string {
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function CustomRange({ range, onDone }: { range: TimeRange; onDone: () => void }) {
  const bounds = rangeBounds(range, Date.now());
  const from = useSignal(localText(bounds.fromMs));
  const to = useSignal(localText(bounds.toMs));
  const problem = useSignal<string | undefined>(undefined);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <form
      class="custom-range"
      onSubmit={(event) => {
        event.preventDefault();
        const chosen = customRange(from.value, to.value);
        if (typeof chosen === "string") {
          problem.value = chosen;
          return;
        }
        setQuery(rangeQuery(chosen), { replace: false });
        onDone();
      }}
    >
      <Field label="From">
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            step="1"
            value={from.value}
            onInput={(event) => (from.value = event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="To" hint={`Times in ${zone}`} error={problem.value}>
        {(control) => (
          <input {...control} type="datetime-local" step="1" value={to.value} onInput={(event) => (to.value = event.currentTarget.value)} />
        )}
      </Field>
      <Button type="submit" kind="primary">
        Show this range
      </Button>
    </form>
  );
}

/** The one time range of the page, held by the address. */
export function TimeRangeControl({ fallback }: { fallback: string }) {
  const range = readRange(place.value.search, fallback);
  const label = range.kind === "relative" ? range.label : formatSpan(range.fromMs, range.toMs);
  return (
    <Menu
      class="range-menu"
      label={`Time range: ${label}`}
      button={
        <>
          <Icon of={CalendarClock} />
          <span class="range-words">{label}</span>
          <Icon of={ChevronDown} size={14} />
        </>
      }
    >
      {(close) => (
        <>
          {RELATIVE_RANGES.map((choice) => (
            <MenuItem
              key={choice.name}
              chosen={range.kind === "relative" && range.name === choice.name}
              onChoose={() => {
                setQuery(rangeQuery({ kind: "relative", ...choice }), { replace: false });
                close();
              }}
            >
              {choice.label}
            </MenuItem>
          ))}
          <hr />
          <CustomRange range={range} onDone={close} />
        </>
      )}
    </Menu>
  );
}
