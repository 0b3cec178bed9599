import type { Config } from '../config/schema.js';
import type { TrackStore } from '../core/track-store.js';

const dayMs = 86_400_000;
/** How often to delete what is too old. */
const intervalMs = dayMs / 4;

/** Deletes events and people without a name that are older than the user wants them kept; at once, then now and then. */
export class Retention {
  readonly #limits: Config['retention'];
  readonly #store: Pick<TrackStore, 'prune'>;
  readonly #onError: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #pruning: Promise<void>;

  constructor(
    limits: Config['retention'],
    store: Pick<TrackStore, 'prune'>,
    onError: (error: unknown) => void,
  ) {
    this.#limits = limits;
    this.#store = store;
    this.#onError = onError;
    this.#pruning = this.#prune();
    const again = (): void => {
      this.#pruning = this.#prune();
    };
    this.#timer = setInterval(again, intervalMs).unref();
  }

  /** Resolves when nothing is being deleted. */
  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.#pruning;
  }

  async #prune(): Promise<void> {
    const before = (days: number | null): number => (days === null ? 0 : Date.now() - days * dayMs);
    const { eventDays, unknownDays } = this.#limits;
    await this.#store
      .prune({ eventsBefore: before(eventDays), unknownBefore: before(unknownDays) })
      .catch(this.#onError);
  }
}
