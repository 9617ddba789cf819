/** Which limit a new series has met, with the way out, as senders and the inspector are told. */
export const SERIES_LIMITS = {
  active:
    "the series is new and the tenant's number of active series is used up; drop a label with many values, or let old series end (24 h without samples)",
  "per-hour":
    "the series is new and this hour's number of new series is used up; a label's values probably change all the time: see the cardinality page",
  shard: "the series is new and a shard holds no more; raise the number of shards in the metric settings",
  names: "the series is new and the room for the names of series is used up; drop labels with long values",
} as const satisfies Record<string, string>;

export type SeriesLimit = keyof typeof SERIES_LIMITS;

/** Names of the limits, in the order in which they are judged. */
export const SERIES_LIMIT_NAMES = Object.keys(SERIES_LIMITS) as readonly SeriesLimit[]; // the keys of a const object are its key type
