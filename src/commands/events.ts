import { Option, type Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import type { EventPerson, EventQuery, StoredEvent } from '../core/event-store.js';
import { eventTypes } from '../events/identity-event.js';
import { withOptions, type SharedOptions } from './options.js';
import { dateAndTime, listing } from './table.js';
import { findPerson, withStore } from './with-store.js';

interface EventsOptions extends SharedOptions {
  readonly person?: string;
  readonly camera?: string;
  readonly type?: string;
  readonly since?: string;
  readonly limit: string;
  readonly json?: boolean;
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `sightline events` */
export function eventsCommand(command: Command): void {
  command
    .option('--person <name>', 'only those about this person')
    .option('--camera <id>', 'only those of this camera')
    .addOption(new Option('--type <type>', 'only those of this type').choices(eventTypes))
    .option('--since <time>', 'a date and time, or how long ago: 30m, 12h, 7d')
    .option('--limit <n>', 'show at most so many, the newest', '50')
    .option('--json', 'one event a line, with everything that was said then');
  withOptions(command, ['config', 'data']);
  command.action((options: EventsOptions) =>
    withStore(options, async (services) => {
      const person = options.person === undefined ? undefined : await findPerson(services, options.person);
      const query: EventQuery = {
        personId: person?.id,
        cameraIds: options.camera === undefined ? [] : [options.camera],
        types: options.type === undefined ? [] : [options.type],
        since: options.since === undefined ? undefined : parseMoment(options.since, Date.now()),
        limit: parseLimit(options.limit),
        order: 'newest first',
      };
      const events = (await services.events.query(query)).reverse();
      process.stdout.write(options.json === true ? asLines(events) : asTable(events));
    }),
  );
}

/**
 * @param now milliseconds since the epoch
 * @throws SightlineError USAGE
 */
function parseMoment(text: string, now: number): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const moment =
    count === undefined ? Date.parse(text) : now - Number(count) * units[unit as keyof typeof units];
  if (Number.isFinite(moment)) return moment;
  throw new SightlineError(
    'USAGE',
    `Expected --since with a date and time, or how long ago as in 12h, but received "${text}".`,
  );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new SightlineError('USAGE', `Expected --limit with a whole number above 0 but received "${text}".`);
}

function asLines(events: readonly StoredEvent[]): string {
  const line = (event: StoredEvent) => JSON.stringify({ ...event, time: new Date(event.time).toISOString() });
  return events.map((event) => `${line(event)}\n`).join('');
}

function asTable(events: readonly StoredEvent[]): string {
  const rows = events.map(({ id, time, cameraId, type, person }) => [
    dateAndTime(time),
    cameraId,
    type.replace('sightline.', ''),
    personLabel(person),
    id,
  ]);
  return listing(['TIME', 'CAMERA', 'EVENT', 'PERSON', 'ID'], rows, {
    none: 'There is no such event. Events come from `sightline run`; without options, `sightline events` shows the newest of all.',
  });
}

/** Their name, or what stands for it. */
export function personLabel(person: EventPerson | null): string {
  if (person === null) return '';
  return person.name ?? `Unknown ${person.number}`;
}
