import { Command, Option } from 'commander';
import { openStore } from '../app/open-store.js';
import type { Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import { alignments } from '../core/face-embedder.js';
import { sha256 as hash } from '../models/cache.js';
import { loadOffers, type Offer } from '../models/manifest.js';
import type { ModelStore } from '../models/model-store.js';
import { networkInputSchema, type NetworkInput } from '../models/network-input.js';
import { download, readWeights, requireChecksum, type ByteListener } from '../models/pull.js';
import {
  embeddingSpecOf,
  weightsOf,
  type AddedEmbedder,
  type Measurement,
} from '../recognition/embedding/added-embedder.js';
import { EmbedderBook, Embedders } from '../recognition/embedding/embedders.js';
import { optionsOf, type TrialOutcome } from '../training/evaluation/input-trial.js';
import { addEmbedder, requireOwnName } from './add-embedder.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { openModels } from './open-models.js';
import { readEmbedders } from './read-embedders.js';
import { dateAndTime, figureTable, table } from './table.js';

interface AddOptions extends SharedOptions {
  readonly onnx: string;
  readonly sha256?: string;
  readonly size: string;
  readonly color: 'rgb' | 'bgr';
  readonly mean: string;
  readonly std: string;
  readonly template: NetworkInput['template'];
  readonly force?: boolean;
  readonly yes?: boolean;
}

/** `sightline models add|show|remove`: embedding networks of the user's own. */
export function ownModelCommands(): Command[] {
  const subcommand = (name: string, description: string, argument: string) =>
    withOptions(new Command(name).description(description).argument('<name>', argument), [
      ...(['config', 'data', 'modelsDir'] as const),
    ]);
  const add = subcommand(
    'add',
    'add an embedding network of your own; docs/own-model.md goes through it',
    'what to call it, for `recognition.embedder`',
  )
    .requiredOption('--onnx <file|url>', 'the network as an ONNX file')
    .option('--sha256 <hash>', 'checksum that the file must have')
    .option('--size <pixels>', 'side of the square face that the network takes', '112')
    .addOption(new Option('--color <order>', 'order of its colours').choices(['rgb', 'bgr']).default('rgb'))
    .option(
      '--mean <numbers>',
      'taken off each channel value of 0 to 255: one, or three as 123.7,116.3,103.5',
      '127.5',
    )
    .option('--std <numbers>', 'what it is divided by then: one number, or three', '127.5')
    .addOption(
      new Option('--template <name>', 'how faces are aligned').choices(alignments).default('arcface-112'),
    )
    .option('--force', 'add it although the self-test objects')
    .option('--yes', 'take a download without --sha256 for the right one')
    .action(addOwn);
  return [
    add,
    subcommand('show', 'show a network that was added, and what was measured of it', 'its name').action(show),
    subcommand('remove', 'remove a network that was added, and its weights', 'its name').action(remove),
  ];
}

async function addOwn(name: string, options: AddOptions): Promise<void> {
  requireOwnName(name);
  const { onnx, sha256, force = false, yes = false } = options;
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    throw new SightlineError(
      'USAGE',
      `Expected --sha256 to be 64 hexadecimal digits but received "${sha256}"`,
    );
  const config = await configFrom(options);
  const input = inputFrom(options);
  const result = await addEmbedder(config, openModels(config), { name, onnx, sha256, input, force, yes });
  process.stdout.write(result ? describeAdded(result.added, result.trial) : 'Nothing was added.\n');
}

/** Fetches an embedding network that Sightline knows the address of, and adds it. */
export async function pullOffer(
  { id: name, url, sha256, input, licence }: Offer,
  config: Config,
  models: ModelStore,
  from: string | undefined,
): Promise<void> {
  const wanted = { name, onnx: from ?? url, url, sha256, input, force: false, yes: false };
  const result = await addEmbedder(config, models, wanted);
  if (!result) return;
  process.stdout.write(`Licence as its publisher states it: ${licence}\n`);
  process.stdout.write(describeAdded(result.added, result.trial));
}

/** Fetches the weights again of a network that was added, for another models folder or after damage. */
export async function pullAdded(
  added: AddedEmbedder,
  models: ModelStore,
  from: string | undefined,
  onBytes: ByteListener,
): Promise<string> {
  const origin = from ?? added.url;
  if (origin === null)
    throw new SightlineError('USAGE', `Expected --from FILE, because ${added.name} was added from a file`);
  const bytes = from === undefined ? await download(origin, onBytes) : await readWeights(from);
  requireChecksum(origin, added.sha256, hash(bytes));
  return models.keepAdded(weightsOf(added), bytes);
}

/** What `models list` and `models verify` say of networks that were added or can be. */
export async function describeOwn(config: Config, models: ModelStore, rehash: boolean): Promise<string> {
  const { added } = await readEmbedders(config);
  const rows = await Promise.all(
    added.map(async (each) => {
      const { state, bytes } = await models.inspectAdded(weightsOf(each), rehash);
      return [each.name, 'added', size(bytes), state, measuredOn(each), each.url ?? 'a file'];
    }),
  );
  const names = added.map(({ name }) => name);
  const offers = loadOffers()
    .filter(({ id }) => !names.includes(id))
    .map(({ id, licence, url }) => [id, 'offered', '', 'missing', licence, url]);
  const both = [...rows, ...offers];
  if (both.length === 0) return '';
  return `\n${table(['EMBEDDER', 'KIND', 'SIZE', 'STATE', 'MEASURED OR LICENCE', 'SOURCE'], both, [2])}`;
}

async function show(name: string, options: SharedOptions): Promise<void> {
  const config = await configFrom(options);
  const added = (await readEmbedders(config)).requireAdded(name);
  const { state } = await openModels(config).inspectAdded(weightsOf(added));
  const { model } = embeddingSpecOf(added);
  process.stdout.write(
    figureTable([
      ['name', `${name}, version ${model.version}`],
      ['added', dateAndTime(added.addedAt)],
      ['weights', `sha256 ${added.sha256}, ${state}, from ${added.url ?? 'a file'}`],
      ['input', `${optionsOf(added.input).join(' ')} (${added.layout})`],
      ['embedding', `${added.dimension} numbers${added.oneByOne ? ', one face at a time' : ''}`],
      ['self-test', added.objection ?? 'no objection'],
      ['measured', measuredOn(added)],
    ]),
  );
  if (added.measurement) process.stdout.write(`\n${describeMeasurement(added.measurement)}`);
}

async function remove(name: string, options: SharedOptions): Promise<void> {
  const config = await configFrom(options);
  const removed = (await readEmbedders(config)).requireAdded(name);
  if (config.recognition.embedder === name)
    throw new SightlineError(
      'MODEL_IN_USE',
      `Expected ${name} not to be in use but recognition.embedder names it`,
    );
  // Alone: a program that runs may have it in use while it embeds the gallery with another one.
  const store = await openStore(config.data, { exclusive: true });
  try {
    const book = new EmbedderBook(store.settings);
    await book.remove(name);
    const { added } = await Embedders.read(store.settings);
    const isShared = added.some(({ sha256 }) => sha256 === removed.sha256);
    if (!isShared) await openModels(config).dropAdded(weightsOf(removed));
  } finally {
    await store.close();
  }
  process.stdout.write(`${name} and its weights are removed\n`);
}

function inputFrom({ size: side, color, mean, std, template }: AddOptions): NetworkInput {
  const parsed = networkInputSchema.safeParse({
    side: Number(side),
    color,
    mean: perChannel(mean),
    std: perChannel(std),
    template,
  });
  if (parsed.success) return parsed.data;
  const option =
    parsed.error.issues[0]?.path[0] === 'side' ? 'size' : String(parsed.error.issues[0]?.path[0]);
  const expected = {
    size: 'a whole number from 16 to 1024',
    mean: 'one number, or three with commas',
    std: 'one number above 0, or three with commas',
  };
  const received = { size: side, mean, std }[option];
  throw new SightlineError(
    'USAGE',
    `Expected --${option} to be ${expected[option as keyof typeof expected]} but received "${received}"`,
  );
}

/** `127.5`, or `123.7,116.3,103.5`. */
function perChannel(text: string): number[] {
  const values = text.split(',').map((value) => (value.trim() === '' ? NaN : Number(value)));
  return values.length === 1 ? [...values, ...values, ...values] : values;
}

function describeAdded({ name, dimension, objection }: AddedEmbedder, { stated }: TrialOutcome): string {
  const separation = stated.separation.toFixed(2);
  const test =
    objection === null
      ? `It separates the shipped faces by ${separation}; nothing else that was tried does so clearly better.`
      : `It was added although the self-test objects: ${objection}.`;
  return [
    `${name} is added: ${dimension} numbers a face. ${test}`,
    'It names nobody yet, because nobody knows what its distances mean. Measure them on a folder with a folder of photos for each person:',
    `  sightline evaluate embedder ${name} --set FOLDER`,
    '',
  ].join('\n');
}

/** The measured distances as a table. */
export function describeMeasurement(measurement: Measurement): string {
  const { set, people, photos, genuinePairs, impostorPairs, thresholds, confidence, leastMargin } =
    measurement;
  const rows = thresholds.map(({ falseAcceptRate, distance, trueAcceptRate, extrapolated }) => [
    falseAcceptRate.toExponential(0),
    distance.toFixed(3),
    `${(trueAcceptRate * 100).toFixed(1)} %`,
    extrapolated ? 'extrapolated: too few pairs' : 'measured',
  ]);
  return [
    `On ${set}: ${photos} photos of ${people} people, ${impostorPairs} pairs of different people, ${genuinePairs} of one.\n`,
    table(['FALSE ACCEPTS', 'DISTANCE', 'TRUE ACCEPTS', ''], rows, [1, 2]),
    `Confidence: midpoint ${confidence.midpoint.toFixed(3)}, slope ${confidence.slope.toFixed(1)}; margin ${leastMargin.toFixed(3)}\n`,
  ].join('');
}

function measuredOn({ measurement }: AddedEmbedder): string {
  if (measurement === null) return 'not measured';
  return `on ${measurement.set}, ${measurement.people} people`;
}

function size(bytes: number | null): string {
  return bytes === null ? '' : `${(bytes / 1e6).toFixed(2)} MB`;
}
