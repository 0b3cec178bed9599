import type { EventStore } from '../../src/core/event-store.js';
import type { EventPublisher } from '../../src/events/event-publisher.js';
import type { EventDraft, SightlineEvent } from '../../src/events/identity-event.js';
import { toSightlineEvent } from '../../src/events/kept-event.js';

export type Publish = (draft: EventDraft) => Promise<SightlineEvent>;

/**
 * Gives a function that publishes an event and resolves with it as it was stored. Everything that the publisher is given
 * from then on must come through the function: the n-th event published is the n-th stored.
 */
export function recordEvents(
  publisher: Pick<EventPublisher, 'publish' | 'onStored'>,
  store: Pick<EventStore, 'get'>,
): Publish {
  const ids: string[] = [];
  const waiting = new Set<() => void>();
  publisher.onStored((events) => {
    ids.push(...events.map(({ id }) => id));
    for (const look of [...waiting]) look();
  });
  let count = 0;
  return async (draft) => {
    const index = count++;
    publisher.publish(draft);
    while (ids.length <= index) {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
      });
    }
    const stored = await store.get(ids[index]!);
    return toSightlineEvent(stored!);
  };
}
