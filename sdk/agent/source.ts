/** What the agent asks of an operating system. Counters rise until a restart; every method may throw, and may take long. */
export interface HostSource {
  cpuTimes(): Promise<readonly CpuTimes[]>;
  memory(): Promise<MemoryReading>;
  /** @param warn says what could not be read while the rest could */
  disks(warn: (text: string) => void): Promise<readonly DiskSpace[]>;
  diskIo(): Promise<readonly DiskIo[]>;
  interfaces(): Promise<readonly InterfaceCounters[]>;
  processes(): Promise<readonly ProcessReading[]>;
  /** A better name than the kernel's for one of the few processes that are shown. */
  processName(process: ProcessReading): string;
  temperatures(): Promise<readonly { sensor: string; celsius: number }[]>;
}

/** Time of one core in any unit; `core` is its number as text. */
export interface CpuTimes {
  readonly core: string;
  readonly busy: number;
  readonly total: number;
}

export interface MemoryReading {
  /** What programs hold: total minus what could be handed out at once. */
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly swapUsedBytes: number;
  readonly swapTotalBytes: number;
}

export interface DiskSpace {
  readonly mount: string;
  readonly device: string;
  readonly usedBytes: number;
  /** Used plus what programs may still fill, so that used / total is the share that `df` shows. */
  readonly totalBytes: number;
}

export interface DiskIo {
  /** Absent for a whole disk that no mount stands for. */
  readonly mount?: string;
  readonly device: string;
  readonly readBytes: number;
  readonly writeBytes: number;
}

export interface InterfaceCounters {
  readonly name: string;
  readonly receivedBytes: number;
  readonly transmittedBytes: number;
}

export interface ProcessReading {
  readonly pid: number;
  readonly name: string;
  /** Tells two processes apart that had the same pid. */
  readonly startedAt: number;
  readonly memoryBytes: number;
  /** CPU seconds so far, over all cores; or, where a system only tells that, */
  readonly cpuSeconds?: number;
  /** the share of the whole machine at present, 0 to 1. */
  readonly cpuRatio?: number;
}
