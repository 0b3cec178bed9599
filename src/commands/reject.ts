import type { Command } from 'commander';
import { personLabel } from './events.js';
import { withOptions, type SharedOptions } from './options.js';
import { findPerson, withStore } from './with-store.js';

interface RejectOptions extends SharedOptions {
  readonly name?: string;
}

/** `sightline reject <event-id>`: "this is not X". */
export function rejectCommand(command: Command): void {
  command
    .argument('<event-id>', 'as `sightline events` shows it')
    .option('--name <name>', 'who it is not (default: whom the event names)');
  withOptions(command, ['config', 'data']);
  command.action((eventId: string, options: RejectOptions) =>
    withStore(options, async (services) => {
      const named = options.name === undefined ? undefined : await findPerson(services, options.name);
      const { person } = await services.events.get(eventId);
      const crops = await services.events.reject(eventId, named?.id);
      const label = named?.name ?? personLabel(person);
      process.stdout.write(`That is not ${label}; ${described(crops)}\n`);
    }),
  );
}

function described(crops: number): string {
  if (crops === 0) return 'no further crop of that face is kept to learn from';
  return `${crops === 1 ? 'one crop' : `${crops} crops`} will be remembered as somebody else`;
}
