import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observability/logger.js';
import type { GalleryHealth } from '../services/gallery-health.js';
import type { GalleryReport } from '../services/gallery-report.js';

/** How often to look whether the gallery has changed. It is checked when it has rested for as long. */
const restMs = 5000;
/** The checks take this share of the time at most. */
const mostLoad = 1 / 20;

export interface GalleryWatchOptions {
  readonly health: Pick<GalleryHealth, 'check'>;
  /** Whether to act on what is found, or only to log it. */
  readonly apply: boolean;
  /** Grows with every change of the gallery; undefined while not all of it can be compared. */
  readonly revision: () => number | undefined;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Milliseconds. */
  readonly restMs?: number;
}

/** Checks the gallery in the background whenever it has changed. Whatever is found is told once. */
export class GalleryWatch {
  readonly #options: GalleryWatchOptions;
  readonly #told = new Set<string>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: GalleryWatchOptions) {
    this.#options = options;
    this.#running = this.#watch();
  }

  /** Resolves when no check is running any more. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#running;
  }

  async #watch(): Promise<void> {
    const { revision, restMs: rest = restMs } = this.#options;
    let [seen, checked]: (number | undefined)[] = [];
    for (let waitMs = rest; await this.#wait(waitMs);) {
      const now = revision();
      const isSettled = now === seen && now !== checked;
      seen = now;
      waitMs = rest;
      if (!isSettled || now === undefined) continue;
      const begun = performance.now();
      await this.#check();
      checked = now;
      waitMs = Math.max(rest, (performance.now() - begun) / mostLoad);
    }
  }

  /** Never rejects. @returns false when the watch is closed */
  async #wait(waitMs: number): Promise<boolean> {
    const { signal } = this.#closing;
    await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    return !signal.aborted;
  }

  /** Never rejects: the next change has it checked again. */
  async #check(): Promise<void> {
    const { health, apply, log } = this.#options;
    try {
      const report = await health.check({ apply });
      this.#tell(report);
    } catch (err) {
      log.error({ err }, 'The gallery could not be checked');
    }
  }

  /** What was set aside is told by its event. */
  #tell(report: GalleryReport): void {
    const messages = [
      ...report.disagreements.map(({ message }) => message),
      ...report.sameFaces.map(({ message }) => message),
      ...(report.applied
        ? []
        : report.setAside.map(({ message, photo }) => `${message} (photo ${photo.id})`)),
    ];
    for (const message of messages) {
      if (this.#told.has(message)) continue;
      this.#told.add(message);
      this.#options.log.warn(message);
    }
  }
}
