import { Argument, Command } from 'commander';
import { asSightlineError } from '../core/errors.js';
import { fits, headKinds, type HeadInput, type HeadKind, type HeadStore } from '../core/heads.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { projectedSpec } from '../recognition/heads/projection.js';
import { describeDropped, dropUnfitHeads, restartNeeded } from './unfit-heads.js';
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
  return withStore(options, async ({ heads, settings }) => {
    const embedders = await Embedders.read(settings);
    const plain = embedders.find((await configFrom(options)).recognition.embedder);
    // A damaged projection has a line of its own.
    const projection = await heads.load('projection').catch(() => null);
    const projected = projection && fits(projection, plain) ? projectedSpec(plain, projection) : plain;
    const lines = await Promise.all(
      headKinds.map(async (kind) => {
        const input = kind === 'projection' ? plain : projected;
        return `${kind.padEnd(10)}  ${await stateOf(kind, heads, input)}\n`;
      }),
    );
    process.stdout.write(lines.join(''));
  });
}

async function stateOf(kind: HeadKind, store: HeadStore, input: HeadInput): Promise<string> {
  try {
    const head = await store.load(kind);
    if (head === null) return 'off';
    const { model, trainedAt } = head;
    const state = fits(head, input) ? 'on' : `not used with ${input.model.id}`;
    return `${state}, trained ${new Date(trainedAt).toISOString()} for ${model.id} version ${model.version}`;
  } catch (error) {
    // The others are still worth a line.
    process.exitCode = 1;
    const { code, message } = asSightlineError(error);
    return `${code}: ${message}`;
  }
}

function switchOff(kind: HeadKind, options: SharedOptions): Promise<void> {
  return withStore(options, async ({ heads, settings }) => {
    if (!(await heads.remove(kind))) {
      process.stdout.write(`The ${kind} head was not on\n`);
      return;
    }
    const { recognition } = await configFrom(options);
    const embedders = await Embedders.read(settings);
    const spec = embedders.findEmbedding(recognition.embedder);
    const dropped = kind === 'projection' ? await dropUnfitHeads(heads, spec) : [];
    // Only `sightline verify` uses a Siamese head.
    const restart = kind === 'siamese' ? [] : [restartNeeded];
    process.stdout.write(
      [`The ${kind} head is off now`, ...describeDropped(dropped), ...restart, ''].join('\n'),
    );
  });
}
