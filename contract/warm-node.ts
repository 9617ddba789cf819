/** What the program of a single node "schedules" before it says that it runs: memory is made from rows. No cron expression looks like it. */
export const WARM_NODE = "@warm";
