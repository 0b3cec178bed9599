import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import type { GalleryReport } from '../services/gallery-report.js';
import { withOptions, type SharedOptions } from './options.js';
import { listing } from './table.js';
import { findPerson, withGallery } from './with-store.js';

interface CheckOptions extends SharedOptions {
  readonly apply?: boolean;
  readonly json?: boolean;
}

interface LookAlikesOptions extends SharedOptions {
  readonly revoke?: readonly string[];
  readonly restore?: readonly string[];
}

/** `sightline people check`: photos that do not fit their person, and people who look alike. */
export function galleryCheckCommand(): Command {
  const command = new Command('check')
    .description('find photos that do not fit their person and people who look alike; nothing is changed')
    .option('--apply', 'set such photos aside, and have look-alikes need a smaller distance')
    .option('--json', 'print what is found as JSON');
  return withOptions(command, ['embedder', 'config', 'data']).action((options: CheckOptions) =>
    withGallery(options, async ({ gallery }) => {
      const report = await gallery.check({ apply: options.apply === true });
      process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
    }),
  );
}

/** `sightline people look-alikes`: the pairs in force, and revoking one. */
export function lookAlikesCommand(): Command {
  const command = new Command('look-alikes')
    .description('show the people who need a smaller distance because they look alike')
    .option('--revoke <names...>', 'take the effect from these two')
    .option('--restore <names...>', 'give it back to these two');
  return withOptions(command, ['embedder', 'config', 'data']).action((options: LookAlikesOptions) =>
    withGallery(options, async (services) => {
      const { gallery } = services;
      for (const [names, isRevoked] of [
        [options.revoke, true],
        [options.restore, false],
      ] as const) {
        if (names === undefined) continue;
        const [first, second] = requireTwo(names);
        const ids = [
          (await findPerson(services, first)).id,
          (await findPerson(services, second)).id,
        ] as const;
        await gallery.revokeLookAlikes(ids, isRevoked);
      }
      const rows = (await gallery.lookAlikes()).map(
        ({ people: [one, other], distance, threshold, isRevoked }) => [
          one.name,
          other.name,
          distance.toFixed(3),
          threshold.toFixed(3),
          isRevoked ? 'revoked' : 'in force',
        ],
      );
      process.stdout.write(
        listing(['ONE', 'OTHER', 'DISTANCE', 'A NAME NEEDS', 'STATE'], rows, {
          toTheRight: [2, 3],
          none: 'Nobody looks so much like somebody else. `sightline people check` compares all photos.',
        }),
      );
    }),
  );
}

/** @throws SightlineError USAGE */
function requireTwo([first, second, ...more]: readonly string[]): readonly [string, string] {
  if (first !== undefined && second !== undefined && more.length === 0) return [first, second];
  throw new SightlineError('USAGE', 'Expected the names of two people.');
}

function asText({ applied, people, photos, leftOut, ...found }: GalleryReport): string {
  const lines = [
    ...found.setAside.map(
      ({ photo, message }) => `${photo.photoName}: ${message}${applied ? ' It is set aside.' : ''}`,
    ),
    ...found.disagreements.map(
      ({ message, groups }) =>
        `${message} They are ${groups.map((group) => group.map(({ photoName }) => photoName).join(', ')).join(' | ')}.`,
    ),
    ...found.sameFaces.map(({ message }) => message),
    ...found.lookAlikes.map(
      ({ people: [one, other], distance, threshold }) =>
        `${one.name} and ${other.name} look alike (${distance.toFixed(2)} apart): each needs ${threshold.toFixed(2)} or less to be named.`,
    ),
  ];
  const others = leftOut > 0 ? ` (${leftOut} more have no embedding of this embedder)` : '';
  const summary = `${photos} photos of ${people} people were compared${others}`;
  if (lines.length === 0) return `${summary}, and nothing was found\n`;
  const isOnlyTold = !applied && found.setAside.length + found.lookAlikes.length > 0;
  const hint = isOnlyTold
    ? 'Nothing was changed: --apply sets the photos aside and has look-alikes need the smaller distance.\n'
    : '';
  return `${lines.map((line) => `${line}\n`).join('')}${summary}\n${hint}`;
}
