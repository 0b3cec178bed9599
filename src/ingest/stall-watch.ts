import { readdirSync, readFileSync } from 'node:fs';

/** How many times in the limit a process is looked at. */
const looksPerLimit = 10;
/** More work than any source needs for its first picture, in ms of processor time; beyond it there will be none. */
const maxWorkMs = 30_000;

/** What a process is doing. */
export interface Activity {
  /** Whether it computes, or would if it were given a processor or its file. */
  readonly isBusy: boolean;
  /** Processor time that it has used. */
  readonly usedMs: number;
}

export interface StallWatchOptions {
  /** For so long nothing may come. */
  readonly limitMs: number;
  /** What the watched process is doing; undefined where that cannot be known. */
  readonly activity: () => Activity | undefined;
  readonly onStall: () => void;
}

/**
 * Tells when a process has given nothing for too long. Only time counts in which it waited for something to come in, as
 * from a silent camera: on a busy machine it may take longer than the limit to start, and a restart would not help. A
 * process that computes in vain is given up after 30 s of processor time.
 */
export class StallWatch {
  readonly #options: StallWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #idleLooks = 0;
  #usedBeforeMs: number | undefined;
  #fed = false;

  constructor(options: StallWatchOptions) {
    this.#options = options;
    // A look that is late, because this program was busy, counts as one all the same.
    this.#timer = setInterval(() => this.#look(), options.limitMs / looksPerLimit);
  }

  /** Something came. */
  feed(): void {
    this.#fed = true;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#fed) {
      this.#fed = false;
      this.#idleLooks = 0;
      this.#usedBeforeMs = undefined;
      return;
    }
    const { isBusy, usedMs } = this.#options.activity() ?? { isBusy: false, usedMs: 0 };
    this.#usedBeforeMs ??= usedMs;
    if (!isBusy) this.#idleLooks += 1;
    if (this.#idleLooks < looksPerLimit && usedMs - this.#usedBeforeMs < maxWorkMs) return;
    this.close();
    this.#options.onStall();
  }
}

/** Linux counts processor time in hundredths of a second for programs, on every machine that Node runs on. */
const tickMs = 10;
/** Fields of `/proc/…/stat` after the name: see proc(5). */
const [stateField, userTimeField, systemTimeField] = [0, 11, 12];

/** What a process is doing, by Linux's /proc; undefined elsewhere, and when it has ended. */
export function activityOf(pid: number): Activity | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((id) => statFields(`/proc/${pid}/task/${id}/stat`));
    const process = statFields(`/proc/${pid}/stat`);
    return {
      // Running or waiting for a processor, or waiting for a disk.
      isBusy: threads.some((fields) => /[RD]/.test(fields[stateField] ?? '')),
      usedMs: tickMs * (Number(process[userTimeField]) + Number(process[systemTimeField])),
    };
  } catch {
    return undefined;
  }
}

function statFields(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
