import type { ComponentChildren } from "preact";
import type { BoardStats, Entry } from "../../../contract/leaderboard-reads.ts";
import { VERDICTS_SHOWN } from "./verdicts.ts";
import { exactValue, formatValue, NOTHING, type Unit } from "../../lib/format.ts";
import { serverNow } from "../../lib/clock.ts";
import { place } from "../../lib/location.ts";
import { zeroDomain } from "../../lib/spark-path.ts";
import { withQuery } from "../../lib/url-state.ts";
import { Card } from "../../ui/card.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { useSlidingRows } from "../../ui/use-sliding-rows.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { nameOf, scoreWords, VERDICT_TONES } from "./board-words.ts";
import { bridged } from "./live-tracks.ts";
import { StaleNotice } from "./stale-notice.tsx";
import { useBoardLive } from "./use-board-live.ts";

/** Figures older than this are said to be. */
const STALE_MS = 20_000;

interface TrackProps {
  readonly title: string;
  readonly value: number | null | undefined;
  readonly unit: Unit;
  readonly track: readonly (number | null)[];
  readonly color: string;
  /** The upper edge at least, so that a quiet line looks quiet. */
  readonly atLeast: number;
  readonly children: ComponentChildren;
}

function Track({ title, value, unit, track, color, atLeast, children }: TrackProps) {
  const line = bridged(track);
  return (
    <Card title={title}>
      <p class="lb-figure" title={exactValue(value, unit)}>
        {formatValue(value, unit)}
      </p>
      <Sparkline values={line} domain={zeroDomain(line, atLeast)} color={color} />
      <p class="muted">{children}</p>
    </Card>
  );
}

/** What became of the runs of the last minute. */
function Verdicts({ of }: { of: BoardStats["verdicts"] }) {
  const all = VERDICTS_SHOWN.reduce((sum, verdict) => sum + (of[verdict] ?? 0), 0);
  return (
    <Card title="Verdicts of the last minute">
      <ul class="lb-verdicts">
        {VERDICTS_SHOWN.map((verdict) => {
          const count = of[verdict] ?? 0;
          return (
            <li key={verdict}>
              <StateBadge tone={VERDICT_TONES[verdict]} word={verdict} />
              <span class="lb-share">
                <span class={VERDICT_TONES[verdict]} style={{ width: `${all === 0 ? 0 : (count / all) * 100}%` }} />
              </span>
              <span class="lb-count">{count.toLocaleString("en")}</span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function TopTen({ of }: { of: readonly Entry[] | undefined }) {
  const list = useSlidingRows<HTMLOListElement>(of?.map(({ player }) => player) ?? []);
  return (
    <Card title="The best ten of all time">
      {!of && <Skeleton rows={5} />}
      {of?.length === 0 && <p class="muted">Nobody has scored yet.</p>}
      {of && of.length > 0 && (
        <ol ref={list} class="lb-top">
          {of.map((entry) => (
            <li key={entry.player}>
              <span class="lb-rank">{entry.rank}</span>
              <a class="link" href={place.value.path + withQuery(place.value.search, { player: entry.player })}>
                {nameOf(entry)}
              </a>
              <span>{scoreWords(entry.score)}</span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

/** What happens on the board just now, once a second. */
export function LiveTab({ board }: { board: string }) {
  const live = useBoardLive(board);
  const stats = live.stats.value;
  const failure = live.error.value;
  if (!stats) {
    if (!failure) return <Skeleton rows={4} shape="card" />;
    return <PageError failure={failureOf(failure, "The figures could not be read")} onRetry={live.reload} />;
  }
  const tracks = live.tracks.value;
  const stale = failure !== undefined && serverNow() - live.at.value > STALE_MS;
  const figures = [
    ["Entries", stats.entries.toLocaleString("en"), `in ${stats.sets.toLocaleString("en")} rankings`],
    ["To review", stats.openReviews.toLocaleString("en"), "open cases"],
    ["Sockets", stats.sockets.toLocaleString("en"), "that follow the board"],
    ["Outbox", stats.outboxDepth.toLocaleString("en"), "events that wait to be sent"],
    [
      "Hit ratio",
      live.hitRatio.value === null ? NOTHING : formatValue(live.hitRatio.value, "ratio"),
      "of reads of the top, without the board",
    ],
  ] as const;
  return (
    <div class={`stack${stale ? " stale" : ""}`}>
      {failure && <StaleNotice what="The figures" failure={failure} at={live.at.value} />}
      <p>
        {live.isLive.value ? (
          <StateBadge tone="ok" word="live, each second" />
        ) : (
          <StateBadge tone="warn" word="without a socket: read each 5 s" />
        )}
      </p>
      <div class="lb-live">
        <Track title="Scores" value={stats.scoresPerSecond} unit="perSecond" track={tracks.scores} color="--series-1" atLeast={1}>
          mean of the last minute
        </Track>
        <Track title="Active players" value={stats.activePlayers} unit="count" track={tracks.players} color="--series-3" atLeast={5}>
          who scored in the last minute
        </Track>
        <Track
          title="Round trip"
          value={live.roundTripMs.value}
          unit="milliseconds"
          track={tracks.roundTrip}
          color="--series-2"
          atLeast={20}
        >
          to the board and back, from here
        </Track>
      </div>
      <dl class="key-figures lb-key-figures">
        {figures.map(([name, value, what]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
            <dd class="lb-what muted">{what}</dd>
          </div>
        ))}
      </dl>
      <div class="lb-live two">
        <Verdicts of={stats.verdicts} />
        <TopTen of={live.top.value} />
      </div>
    </div>
  );
}
