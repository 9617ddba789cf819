import type { HostState } from "../../../contract/host-metrics.ts";
import type { Tone } from "../../ui/state-badge.tsx";

export const STATE_TONES: Record<HostState, Tone> = { online: "ok", late: "warn", offline: "critical" };
