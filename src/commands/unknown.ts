import { Command } from 'commander';
import { acceptOptionsFirst } from './group-options.js';
import { withOptions, type SharedOptions } from './options.js';
import { dateAndTime, listing } from './table.js';
import { unknownNumber, warn, withGallery, withStore } from './with-store.js';

/** `sightline unknown`: the people that cameras saw and nobody has named yet. */
export function unknownCommand(command: Command): void {
  const subcommand = (usage: string, description: string) =>
    withOptions(new Command(usage).description(description), ['config', 'data']);
  command
    .addCommand(subcommand('list', 'show them with how often, when and where they were seen').action(list), {
      isDefault: true,
    })
    .addCommand(
      subcommand('name', 'say who somebody is; their past events follow')
        .argument('<number>', 'as `list` shows it')
        .argument('<name>', 'a new name, or that of somebody who is enrolled')
        .action(name),
    )
    .addCommand(
      subcommand('dismiss', 'forget somebody, and the pictures of them')
        .argument('<number>', 'as `list` shows it')
        .action(dismiss),
    );
  acceptOptionsFirst(command);
}

function list(options: SharedOptions): Promise<void> {
  return withStore(options, async ({ unknownPeople }) => {
    const rows = (await unknownPeople.list()).map((person) => [
      String(person.number),
      String(person.seen),
      dateAndTime(person.firstSeenAt),
      dateAndTime(person.lastSeenAt),
      person.cameras.join(', '),
    ]);
    process.stdout.write(
      listing(['NUMBER', 'SEEN', 'FIRST', 'LAST', 'CAMERAS'], rows, {
        toTheRight: [0, 1],
        none: 'Nobody without a name was seen. `sightline run` numbers strangers as its cameras see them.',
      }),
    );
  });
}

function name(number: string, newName: string, options: SharedOptions): Promise<void> {
  return withGallery(options, async ({ unknownPeople }) => {
    const unknown = await unknownPeople.get(unknownNumber(number));
    const { person, warnings } = await unknownPeople.name(unknown.number, newName);
    process.stdout.write(`Unknown ${unknown.number}, seen ${times(unknown.seen)}, is now ${person.name}\n`);
    warn(warnings);
  });
}

function dismiss(number: string, options: SharedOptions): Promise<void> {
  return withStore(options, async ({ unknownPeople }) => {
    await unknownPeople.dismiss(unknownNumber(number));
    process.stdout.write(`Unknown ${number} is forgotten\n`);
  });
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
