import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import type { EventPerson, StoredEvent } from '../core/event-store.js';
import type { Storage } from '../core/storage.js';
import { personLabel } from './events.js';
import { withOptions, type SharedOptions } from './options.js';
import { findPerson, withStore } from './with-store.js';

interface RejectOptions extends SharedOptions {
  readonly name?: string;
}

/** `sightline reject <event-id>`: "this is not X". */
export function rejectCommand(): Command {
  const command = new Command('reject')
    .description('Say that the face of an event is not the person it was taken for')
    .argument('<event-id>', 'as `sightline events` shows it')
    .option('--name <name>', 'who it is not (default: whom the event names)');
  withOptions(command, ['config', 'data']);
  return command.action((eventId: string, options: RejectOptions) =>
    withStore(options, async (store) => {
      const event = await store.events.get(eventId);
      if (!event)
        throw new SightlineError('EVENT_UNKNOWN', `Expected the id of an event but received "${eventId}"`);
      const person = await whoItIsNot(store, event, options.name);
      const crops = await store.tracks.reject(trackOf(event), person.id);
      process.stdout.write(`That is not ${personLabel(person)}; ${described(crops)}\n`);
    }),
  );
}

async function whoItIsNot(
  store: Storage,
  { id, person }: StoredEvent,
  name: string | undefined,
): Promise<EventPerson> {
  if (name !== undefined) return { ...(await findPerson(store, name)), number: null };
  if (person) return person;
  throw new SightlineError('EVENT_WITHOUT_PERSON', `Expected an event about a person but ${id} names nobody`);
}

function trackOf({ id, type, trackKey }: StoredEvent): string {
  if (trackKey !== null) return trackKey;
  throw new SightlineError(
    'EVENT_WITHOUT_PERSON',
    `Expected an event about a face but ${id} is of type ${type}`,
  );
}

function described(crops: number): string {
  if (crops === 0) return 'no further crop of that face is kept to learn from';
  return `${crops === 1 ? 'one crop' : `${crops} crops`} will be remembered as somebody else`;
}
