import { Argument, Command } from 'commander';
import { asSightlineError } from '../core/errors.js';
import { headKinds, type HeadKind, type HeadStore } from '../core/heads.js';
import { findEmbedder } from '../recognition/embedding/embedder-specs.js';
import { describeDropped, dropUnfitHeads, restartNeeded } from './drop-unfit-heads.js';
import { acceptOptionsFirst } from './group-options.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { withStore } from './with-store.js';

/** `sightline heads`: which trained heads are on, and switching them off. */
export function headsCommand(command: Command): void {
  const subcommand = (name: string, description: string) =>
    withOptions(new Command(name).description(description), ['config', 'data']);
  command
    .addCommand(subcommand('list', 'show every head, and whether it is on').action(list), {
      isDefault: true,
    })
    .addCommand(
      subcommand('off', 'go back to the plain distance; the head is deleted, train again to have it back')
        .addArgument(new Argument('<head>', 'which one').choices(headKinds))
        .action(switchOff),
    );
  acceptOptionsFirst(command);
}

function list(options: SharedOptions): Promise<void> {
  return withStore(options, async ({ heads }) => {
    const lines = await Promise.all(
      headKinds.map(async (kind) => `${kind.padEnd(10)}  ${await stateOf(kind, heads)}\n`),
    );
    process.stdout.write(lines.join(''));
  });
}

async function stateOf(kind: HeadKind, store: HeadStore): Promise<string> {
  try {
    const head = await store.load(kind);
    if (head === null) return 'off';
    const { model, trainedAt } = head;
    return `on, trained ${new Date(trainedAt).toISOString()} for ${model.id} version ${model.version}`;
  } catch (error) {
    // The others are still worth a line.
    process.exitCode = 1;
    const { code, message } = asSightlineError(error);
    return `${code}: ${message}`;
  }
}

function switchOff(kind: HeadKind, options: SharedOptions): Promise<void> {
  return withStore(options, async ({ heads }) => {
    if (!(await heads.remove(kind))) {
      process.stdout.write(`The ${kind} head was not on\n`);
      return;
    }
    const { recognition } = await configFrom(options);
    const dropped =
      kind === 'projection' ? await dropUnfitHeads(heads, findEmbedder(recognition.embedder)) : [];
    // Only `sightline verify` uses a Siamese head.
    const restart = kind === 'siamese' ? [] : [restartNeeded];
    process.stdout.write(
      [`The ${kind} head is off now`, ...describeDropped(dropped), ...restart, ''].join('\n'),
    );
  });
}
