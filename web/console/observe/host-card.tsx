import { type Signal, useComputed } from "@preact/signals";
import { memo } from "../../lib/memo.ts";
import { now } from "../../lib/clock.ts";
import { knownAt } from "../../lib/contact.ts";
import { exactValue, formatAge, formatDuration, formatExact, formatValue, NOTHING, sampleWords } from "../../lib/format.ts";
import { zeroDomain } from "../../lib/spark-path.ts";
import { Card } from "../../ui/card.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { StateBadge, StateMark } from "../../ui/state-badge.tsx";
import { CRITICAL_RATIO, diskRatio, HIGH_RATIO, type HostView, memoryRatio, networkRate, stateAt } from "./host-board.ts";
import { STATE_TONES } from "./host-words.ts";

const RATIO_DOMAIN = [0, 1] as const;

function Figure({
  name,
  value,
  exact,
  more,
  ratio,
  values,
  domain,
  color,
  quiet,
}: {
  name: string;
  value: string;
  exact: string;
  more?: string;
  ratio?: number | null;
  values: readonly (number | null)[];
  domain: readonly [number, number];
  color: string;
  quiet: boolean;
}) {
  const tone = ratio === null || ratio === undefined || ratio < HIGH_RATIO ? undefined : ratio >= CRITICAL_RATIO ? "critical" : "warn";
  return (
    <div class={`figure${tone && !quiet ? ` ${tone}` : ""}`}>
      <dt>{name}</dt>
      <dd class="figure-value" title={exact}>
        {tone && !quiet && <StateMark tone={tone} size={9} />}
        {value}
        {more && <span class="muted">{more}</span>}
      </dd>
      <dd class="figure-line">
        <Sparkline values={values} domain={domain} color={tone && !quiet ? `--${tone}` : color} muted={quiet} />
      </dd>
    </div>
  );
}

function Figures({ host, quiet }: { host: HostView; quiet: boolean }) {
  const { recent } = host;
  const memory = memoryRatio(host);
  const disk = diskRatio(host);
  const rate = networkRate(host);
  const of = (total: number | null) => (total === null ? "" : ` of ${formatValue(total, "bytes")}`);
  const common = { quiet, domain: RATIO_DOMAIN };
  return (
    <dl class="figures">
      <Figure
        {...common}
        name="CPU"
        value={formatValue(host.cpuRatio, "ratio")}
        exact={`load ${formatValue(host.load1, "load")}`}
        ratio={host.cpuRatio}
        values={recent.cpuRatio}
        color="--series-1"
      />
      <Figure
        {...common}
        name="Memory"
        value={formatValue(memory, "ratio")}
        exact={exactValue(host.memoryUsedBytes, "bytes")}
        more={of(host.memoryTotalBytes)}
        ratio={memory}
        values={recent.memoryRatio}
        color="--series-5"
      />
      <Figure
        {...common}
        name="Disk"
        value={formatValue(disk, "ratio")}
        exact={exactValue(host.diskUsedBytes, "bytes")}
        more={of(host.diskTotalBytes)}
        ratio={disk}
        values={recent.diskRatio}
        color="--series-2"
      />
      <Figure
        quiet={quiet}
        domain={zeroDomain(recent.networkBytesPerSecond, 10_240)}
        name="Network"
        value={formatValue(rate, "bytesPerSecond")}
        exact={`${formatValue(host.receiveBytesPerSecond, "bytesPerSecond")} in, ${formatValue(host.transmitBytesPerSecond, "bytesPerSecond")} out`}
        values={recent.networkBytesPerSecond}
        color="--series-3"
      />
    </dl>
  );
}

/** One host: its state, four figures with their last five minutes, and the age of its last sample. */
export const HostCard = memo(function HostCard({ of }: { of: Signal<HostView> }) {
  const host = of.value;
  const state = useComputed(() => stateAt(of.value, knownAt.value));
  const quiet = state.value !== "online";
  const age = useComputed(() => {
    const ageMs = now.value - of.value.lastReceivedAt;
    return state.value === "online" ? sampleWords(ageMs) : `no sample for ${formatAge(ageMs)}`;
  });
  return (
    <Card
      class={`host-card ${state.value}`}
      title={
        <h2>
          <a href={`/console/observe/hosts/${encodeURIComponent(host.host)}`}>{host.host}</a>
        </h2>
      }
      aside={<StateBadge tone={STATE_TONES[state.value]} word={state.value} />}
    >
      <Figures host={host} quiet={quiet} />
      <footer class="host-foot muted">
        <span title={formatExact(host.lastSampleAt)}>{age}</span>
        <span>{host.uptimeSeconds === null ? NOTHING : `up ${formatDuration(host.uptimeSeconds * 1_000)}`}</span>
      </footer>
    </Card>
  );
});
