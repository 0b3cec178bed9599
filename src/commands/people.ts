import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import type { GalleryPerson, GalleryPhoto } from '../core/people-store.js';
import { confirm } from './confirm.js';
import { galleryCheckCommand, lookAlikesCommand } from './gallery-check.js';
import { restartNeeded } from './unfit-heads.js';
import { acceptOptionsFirst } from './group-options.js';
import { withOptions, type SharedOptions } from './options.js';
import { dateAndTime, listing } from './table.js';
import { findPerson, warnOfName, withGallery, withStore, type StoreServices } from './with-store.js';

interface EraseOptions extends SharedOptions {
  readonly yes?: boolean;
}

/** Events are counted up to this many before somebody is erased. */
const mostCounted = 10_000;

const classifierIsOff = `The classifier may know that face and is off now; train it again to have it back
${restartNeeded}
`;

/** `sightline people`: who is enrolled, and setting that right. */
export function peopleCommand(command: Command): void {
  const subcommand = (usage: string, description: string) =>
    withOptions(new Command(usage).description(description), ['config', 'data']);
  command
    .addCommand(subcommand('list', 'show everybody and how many photos of them there are').action(list), {
      isDefault: true,
    })
    .addCommand(subcommand('photos', 'show the photos of a person').argument('<name>').action(photos))
    .addCommand(
      subcommand('remove-photo', 'erase a photo that shows somebody else, or shows them badly')
        .argument('<name>')
        .argument('<photo>', 'as `people photos` lists it')
        .action(removePhoto),
    )
    .addCommand(galleryCheckCommand())
    .addCommand(
      subcommand('restore-photo', 'have a photo count again that was set aside, and stay')
        .argument('<name>')
        .argument('<photo>', 'as `people photos` lists it')
        .action(restorePhoto),
    )
    .addCommand(lookAlikesCommand())
    .addCommand(
      subcommand('rename', 'give a person another name')
        .argument('<name>')
        .argument('<new-name>')
        .action(rename),
    )
    .addCommand(
      subcommand('merge', 'give the photos and events of one person to another, and remove the first')
        .argument('<from>', 'who is removed')
        .argument('<into>', 'who stays')
        .action(merge),
    )
    .addCommand(
      subcommand('erase', 'erase a person for good: photos, crops, and the name in past events')
        .argument('<name>')
        .option('--yes', 'do not ask')
        .action(erase),
    );
  acceptOptionsFirst(command);
}

function list(options: SharedOptions): Promise<void> {
  return withStore(options, async ({ people }) => {
    const rows = (await people.list()).map(({ name, faces, createdAt }) => [
      name,
      String(faces),
      dateAndTime(createdAt),
    ]);
    process.stdout.write(
      listing(['NAME', 'PHOTOS', 'SINCE'], rows, {
        toTheRight: [1],
        none: 'Nobody is enrolled yet. `sightline enroll people` enrols photos that lie in people/<name>/.',
      }),
    );
  });
}

function photos(name: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (services) => {
    const { id } = await findPerson(services, name);
    const rows = (await services.people.photos(id)).map((photo) => [
      photo.photoName,
      photo.quality.toFixed(2),
      dateAndTime(photo.createdAt),
      stateOf(photo),
    ]);
    process.stdout.write(
      listing(['PHOTO', 'QUALITY', 'SINCE', 'STATE'], rows, {
        toTheRight: [1],
        none: `There is no photo of ${name}. \`sightline enroll <photo> --name "${name}"\` adds one.`,
      }),
    );
  });
}

function removePhoto(name: string, photo: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (services) => {
    const person = await findPerson(services, name);
    for (const { id } of await photosCalled(photo, person, services)) await services.people.removePhoto(id);
    process.stdout.write(`${photo} of ${person.name} is erased\n`);
  });
}

function restorePhoto(name: string, photo: string, options: SharedOptions): Promise<void> {
  return withGallery(options, async (services) => {
    const person = await findPerson(services, name);
    for (const { id } of await photosCalled(photo, person, services)) await services.gallery.restorePhoto(id);
    process.stdout.write(`${photo} of ${person.name} counts, and is not set aside again\n`);
  });
}

/** @throws SightlineError PHOTO_NOT_FOUND */
async function photosCalled(
  photo: string,
  { id, name }: GalleryPerson,
  { people }: StoreServices,
): Promise<GalleryPhoto[]> {
  const found = (await people.photos(id)).filter(({ photoName }) => photoName === photo);
  if (found.length > 0) return found;
  throw new SightlineError('PHOTO_NOT_FOUND', `There is no photo "${photo}" of ${name}.`);
}

function stateOf({ setAside, isConfirmed }: GalleryPhoto): string {
  if (setAside === null) return isConfirmed ? 'confirmed' : '';
  const { reason, other } = setAside;
  const why = {
    'looks-like-other': `looks like ${other?.name ?? 'somebody else'}`,
    'unlike-own': 'unlike the others',
    poor: 'poor',
  };
  return `set aside: ${why[reason]}`;
}

function rename(name: string, newName: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (services) => {
    const person = await findPerson(services, name);
    const renamed = await services.people.rename(person.id, newName);
    process.stdout.write(`${person.name} is now called ${renamed.name}\n`);
    await warnOfName(services, renamed);
  });
}

function merge(from: string, into: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (services) => {
    const [first, second] = [await findPerson(services, from), await findPerson(services, into)];
    await services.people.merge(first.id, second.id);
    process.stdout.write(`The photos and events of ${first.name} now belong to ${second.name}\n`);
  });
}

function erase(name: string, options: EraseOptions): Promise<void> {
  return withStore(options, async (services) => {
    const person = await findPerson(services, name);
    process.stdout.write(await describeErasure(person, services));
    if (!(await confirm(`Erase ${person.name} for good?`, options.yes))) {
      process.stdout.write('Nothing was erased\n');
      process.exitCode = 1;
      return;
    }
    const { classifierSwitchedOff } = await services.people.erase(person.id);
    process.stdout.write(`${person.name} is erased\n${classifierSwitchedOff ? classifierIsOff : ''}`);
  });
}

/** What goes when somebody is erased. */
async function describeErasure(person: GalleryPerson, { people, events }: StoreServices): Promise<string> {
  const photos = await people.photos(person.id);
  const past = await events.query({ personId: person.id, limit: mostCounted, order: 'newest first' });
  const more = past.length === mostCounted ? ' or more' : '';
  return [
    `${person.name} has ${photos.length} photo${photos.length === 1 ? '' : 's'}, which are erased:\n`,
    ...photos.map(({ photoName }) => `  ${photoName}\n`),
    `The name is taken out of ${past.length}${more} past event${past.length === 1 ? '' : 's'}, and the pictures in them are erased.\n`,
  ].join('');
}
