import { performance } from 'node:perf_hooks';
import { Command } from 'commander';
import { plainChoice, projectedChoice } from '../app/embedder-choice.js';
import { openStore } from '../app/open-store.js';
import { SightlineError } from '../core/errors.js';
import type { HeadKind, HeadStore } from '../core/heads.js';
import type { ThresholdSettings } from '../recognition/decision/decision.js';
import { projectedSpec } from '../recognition/heads/projection.js';
import { seededRandom } from '../training/random.js';
import { trainHead } from '../training/train-head.js';
import { photosByPerson, withoutCopies } from '../training/training-set.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { dropUnfitHeads, tellMisfit } from './unfit-heads.js';
import { embedPhotos } from './embed-photos.js';
import { photoDetector } from '../detection/create-detector.js';
import { FaceReader } from './face-reader.js';
import { acceptOptionsFirst } from './group-options.js';
import { configFrom, numberOrText, withOptions, type SharedOptions } from './options.js';
import { describeLeftOut } from './enroll.js';
import { planPhotos, requirePhotos, type NamedPhoto } from './photos.js';
import { showProgress } from './progress-line.js';
import { describeReport, describeSplit, type TrainReport } from './train-report.js';

/** `data` is the folder of photos here, as everywhere in training; the gallery's has a name of its own. */
interface TrainOptions extends Omit<SharedOptions, 'data'> {
  readonly data: string;
  readonly gallery?: string;
  readonly seed: number | string;
  readonly json?: boolean;
}

const descriptions: Readonly<Record<HeadKind, string>> = {
  siamese: 'how likely two faces show one person, for `sightline verify`',
  projection: 'a linear map of embeddings that brings photos of one person together',
  classifier: 'whose face it is, by a support vector machine or nearest neighbours',
};

/** `sightline train siamese|projection|classifier` */
export function trainCommand(command: Command): void {
  for (const [kind, description] of Object.entries(descriptions)) {
    const subcommand = new Command(kind)
      .description(description)
      .requiredOption('--data <dir>', 'folder with a folder of photos for each person')
      .option('--gallery <dir>', 'folder of the gallery, which the head is kept in (default: .sightline)')
      .option('--seed <number>', 'whole number that decides what is random', numberOrText, 1)
      .option('--json', 'print the report as JSON');
    withOptions(subcommand, ['embedder', 'config', 'modelsDir']);
    command.addCommand(subcommand.action((options: TrainOptions) => train(kind as HeadKind, options)));
  }
  acceptOptionsFirst(command);
}

async function train(kind: HeadKind, options: TrainOptions): Promise<void> {
  const { data, gallery, seed: wanted, json, ...shared } = options;
  const seed = requireSeed(wanted);
  const config = await configFrom(
    { ...shared, ...(gallery !== undefined && { data: gallery }) },
    { detector: photoDetector },
  );
  const plan = await planPhotos(data, undefined);
  process.stderr.write(describeLeftOut(plan.leftOut));
  requirePhotos(plan, data);
  const store = await openStore(config.data);
  let reader: FaceReader | undefined;
  try {
    const embedders = await Embedders.read(store.settings);
    const choice =
      kind === 'projection'
        ? plainChoice(config, embedders)
        : await projectedChoice(config, embedders, store.heads, tellMisfit);
    reader = await FaceReader.open(config, choice);
    const report = await trainOn(
      kind,
      plan.photos,
      { reader, thresholds: choice.thresholds, seed },
      store.heads,
    );
    process.stdout.write(json === true ? `${JSON.stringify(report, null, 2)}\n` : describeReport(report));
  } finally {
    showProgress('');
    await reader?.close();
    await store.close();
  }
}

interface TrainWith {
  readonly reader: FaceReader;
  readonly thresholds: ThresholdSettings;
  readonly seed: number;
}

/** Embeds photos, trains a head on them and switches it on when it is worth it. */
async function trainOn(
  kind: HeadKind,
  files: readonly NamedPhoto[],
  { reader, thresholds, seed }: TrainWith,
  store: HeadStore,
): Promise<TrainReport> {
  const begun = performance.now();
  const embedded = await embedPhotos(files, reader, (done) =>
    showProgress(`${done} of ${files.length} photos`),
  );
  const { kept: photos, copies } = withoutCopies(embedded.photos);
  const between = performance.now();
  const outcome = trainHead(kind, {
    photos,
    spec: reader.spec,
    thresholds,
    random: seededRandom(seed),
    now: Date.now(),
    onProgress: ({ step, done, total }) => showProgress(`training ${kind}: ${step}, ${done} of ${total}`),
  });
  const ended = performance.now();
  const earlierHead = await store.has(kind);
  const { head, network } = outcome;
  if (outcome.verdict.switchedOn) await store.save(head, network);
  const inUse =
    outcome.verdict.switchedOn && head.kind === 'projection' ? projectedSpec(reader.spec, head) : undefined;
  return {
    head: kind,
    embedder: reader.spec.model,
    seed,
    people: [...photosByPerson(photos)].map(([name, own]) => ({ name, photos: own.length })),
    refused: embedded.refused,
    copies: copies.map(({ photo, of }) => ({ path: photo.path, of: of.path })),
    split: { folds: outcome.folds, description: describeSplit(kind, outcome) },
    naming: outcome.naming,
    plain: outcome.plain,
    trained: outcome.trials,
    ...outcome.verdict,
    earlierHead,
    switchedOff: inUse ? await dropUnfitHeads(store, inUse) : [],
    seconds: { embedding: (between - begun) / 1000, training: (ended - between) / 1000 },
  };
}

function requireSeed(value: number | string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new SightlineError('USAGE', `Expected --seed to be a whole number but received ${value}`);
}
