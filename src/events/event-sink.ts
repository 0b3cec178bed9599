import type { SightlineEvent } from './identity-event.js';

/** Takes the events of the store, in order; an `EventReader` hands them over. */
export interface EventSink {
  /** What the cursor is kept under: the same in every run, and no other sink's. */
  readonly name: string;
  /**
   * Takes events, oldest first, none of which was taken before, unless the program ended before that was written down.
   * When it rejects, all of them come again later, as the store has them then.
   *
   * @param signal aborted when the reader closes: the call settles soon after
   */
  deliver(events: readonly SightlineEvent[], signal: AbortSignal): Promise<void>;
}
