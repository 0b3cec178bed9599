import type { SightlineEvent } from '../../events/identity-event.js';
import type { ServerContext } from '../server-options.js';

/** Events read from the history at a time: a few milliseconds. */
const PAGE = 100;

export interface Replay {
  readonly since: string;
  /** False when nobody listens any more. */
  readonly goesOn: () => boolean;
  /** Resolves when there is room for more. */
  readonly send: (events: readonly SightlineEvent[]) => Promise<void>;
  /** Called once all is sent; what is published after that moment is live. */
  readonly onCaughtUp: () => void;
}

/**
 * Sends the events after `since`, oldest first: from the history as long as some of them have left the memory, then
 * from memory. What is published meanwhile is found there too, so nothing piles up for a slow client. No event is
 * lost or comes twice on the way to the live ones, for between the last look at the memory and `onCaughtUp` nothing
 * else can run.
 *
 * Rejects as the history does.
 */
export async function replayEvents(
  { bus, services }: Pick<ServerContext, 'bus' | 'services'>,
  { since, goesOn, send, onCaughtUp }: Replay,
): Promise<void> {
  let last = since;
  while (goesOn()) {
    const gone = bus.newestGone;
    const isInMemory = last >= gone;
    const page = isInMemory ? bus.since(last).slice(0, PAGE) : await services.events.after(last, PAGE);
    if (page.length > 0) {
      await send(page);
      last = page.at(-1)?.id ?? last;
    } else if (isInMemory) {
      onCaughtUp();
      return;
    } else {
      // Up to here the events are too old to be kept.
      last = gone;
    }
  }
}
