import { Command } from 'commander';
import { forgetInClassifier } from '../app/forget-in-classifier.js';
import { SightlineError } from '../core/errors.js';
import { normalisePersonName } from '../recognition/enrolment/person-name.js';
import { restartNeeded } from './drop-unfit-heads.js';
import { withOptions, type SharedOptions } from './options.js';
import { dateAndTime, table } from './table.js';
import { findPerson, withStore } from './with-store.js';

const classifierIsOff = `The classifier may know that face and is off now; train it again to have it back
${restartNeeded}
`;

/** `sightline people`: who is enrolled, and setting that right. */
export function peopleCommand(): Command {
  const subcommand = (usage: string, description: string) =>
    withOptions(new Command(usage).description(description), ['config', 'data']);
  return new Command('people')
    .description('List, rename, merge and erase the people that Sightline knows, and their photos')
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
        .action(erase),
    );
}

function list(options: SharedOptions): Promise<void> {
  return withStore(options, async (store) => {
    const rows = (await store.people.persons()).map(({ name, faces, createdAt }) => [
      name,
      String(faces),
      dateAndTime(createdAt),
    ]);
    process.stdout.write(table(['NAME', 'PHOTOS', 'SINCE'], rows, [1]));
  });
}

function photos(name: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (store) => {
    const { id } = await findPerson(store, name);
    const rows = (await store.people.faces(id)).map(({ photoName, quality, createdAt }) => [
      photoName,
      quality.toFixed(2),
      dateAndTime(createdAt),
    ]);
    process.stdout.write(table(['PHOTO', 'QUALITY', 'SINCE'], rows, [1]));
  });
}

function removePhoto(name: string, photo: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (store) => {
    const person = await findPerson(store, name);
    const faces = (await store.people.faces(person.id)).filter(({ photoName }) => photoName === photo);
    if (faces.length === 0)
      throw new SightlineError('PHOTO_UNKNOWN', `Expected a photo of ${person.name} but received "${photo}"`);
    for (const { id } of faces) await store.people.removeFace(id);
    process.stdout.write(`${photo} of ${person.name} is erased\n`);
  });
}

function rename(name: string, newName: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (store) => {
    const person = await findPerson(store, name);
    const wanted = normalisePersonName(newName);
    await store.people.rename(person.id, wanted);
    process.stdout.write(`${person.name} is ${wanted} now\n`);
  });
}

function merge(from: string, into: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (store) => {
    const [first, second] = [await findPerson(store, from), await findPerson(store, into)];
    await store.people.merge(first.id, second.id);
    process.stdout.write(`What was ${first.name}'s is ${second.name}'s now\n`);
  });
}

function erase(name: string, options: SharedOptions): Promise<void> {
  return withStore(options, async (store) => {
    const person = await findPerson(store, name);
    await store.people.removePerson(person.id);
    process.stdout.write(`${person.name} is erased\n`);
    if (await forgetInClassifier(store.heads, await store.people.persons()))
      process.stdout.write(classifierIsOff);
  });
}
