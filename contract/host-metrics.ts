/**
 * The metrics a host agent sends. All carry the label `host`; units are in the name (bytes, ratio 0..1, seconds).
 * Counters end in `_total` and only rise until a restart; rates below are computed by the agent so that a card needs one point.
 */
export const HOST_METRICS = {
  cpu: "host_cpu_used_ratio", // label core: "all" | "0" | "1" …
  load1: "host_load1",
  load5: "host_load5",
  load15: "host_load15",
  memoryUsed: "host_memory_used_bytes",
  memoryTotal: "host_memory_total_bytes",
  swapUsed: "host_swap_used_bytes",
  swapTotal: "host_swap_total_bytes",
  diskUsed: "host_disk_used_bytes", // labels mount, device
  diskTotal: "host_disk_total_bytes",
  diskReadRate: "host_disk_read_bytes_per_second",
  diskWriteRate: "host_disk_write_bytes_per_second",
  networkReceiveRate: "host_network_receive_bytes_per_second", // label interface
  networkTransmitRate: "host_network_transmit_bytes_per_second",
  networkReceiveTotal: "host_network_receive_bytes_total",
  networkTransmitTotal: "host_network_transmit_bytes_total",
  processes: "host_processes",
  processCpu: "host_process_cpu_ratio", // labels process, pid: top 10
  processMemory: "host_process_memory_bytes",
  uptime: "host_uptime_seconds",
  temperature: "host_temperature_celsius", // label sensor
} as const;

/** When a host is called late or offline: age of its newest sample. Nine and eighteen missed rounds of 5 s. */
export const HOST_STATES = { lateAfterMs: 45_000, offlineAfterMs: 90_000 } as const;
export type HostState = "online" | "late" | "offline";

/** The state of a host whose newest sample is this old. */
export function hostState(ageMs: number): HostState {
  if (ageMs >= HOST_STATES.offlineAfterMs) return "offline";
  return ageMs >= HOST_STATES.lateAfterMs ? "late" : "online";
}
