import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { openStore } from '../app/open-store.js';
import type { Config } from '../config/schema.js';
import { asSightlineError, SightlineError } from '../core/errors.js';
import type { PeopleStore } from '../core/people-store.js';
import { readImage } from '../ingest/still-image.js';
import type { Measurement } from '../recognition/embedding/added-embedder.js';
import type { EmbeddingSpec } from '../recognition/embedding/embedder-specs.js';
import { EmbedderBook, Embedders } from '../recognition/embedding/embedders.js';
import { centralFace } from '../recognition/enrolment/main-face.js';
import {
  embedderFigures,
  requireEnoughPeople,
  type EmbeddedFace,
} from '../training/evaluation/embedder-figures.js';
import { describeLeftOut } from './enroll.js';
import { readPhotos } from './evaluate-gallery.js';
import { FaceReader } from './face-reader.js';
import { withOptions, type SharedOptions } from './options.js';
import { describeMeasurement } from './own-models.js';
import { photoLimits, planPhotos, requirePhotos, type NamedPhoto } from './photos.js';
import { showProgress } from './progress-line.js';
import { detectorConfig, withPhotoDetector } from './still-detector.js';

interface EvaluateEmbedderOptions extends SharedOptions {
  readonly set?: string;
  readonly enrolled?: boolean;
  readonly detector: string;
  readonly json?: boolean;
}

/** `sightline evaluate embedder` */
export function evaluateEmbedderCommand(): Command {
  const command = new Command('embedder')
    .description(
      'Measure what the distances of an embedder mean; one of your own may name people from then on',
    )
    .argument('<name>', 'the embedder')
    .option(
      '--set <dir>',
      'folder with a folder of photos for each person, such as Labeled Faces in the Wild',
    )
    .option('--enrolled', 'measure on the people of the gallery instead')
    .option('--json', 'print the figures as JSON');
  withOptions(withPhotoDetector(command), ['config', 'data', 'modelsDir']);
  return command.action(evaluateEmbedder);
}

async function evaluateEmbedder(name: string, options: EvaluateEmbedderOptions): Promise<void> {
  if ((options.set === undefined) === (options.enrolled !== true))
    throw new SightlineError('USAGE', 'Expected one of --set FOLDER and --enrolled.');
  const config = await detectorConfig(options);
  const store = await openStore(config.data, { create: false });
  try {
    const embedders = await Embedders.read(store.settings);
    const spec = embedders.findEmbedding(name);
    const measurement =
      options.set === undefined
        ? await measureGallery(spec, config, store)
        : await measureFolder(options.set, spec, config);
    const added = embedders.findAdded(name);
    if (added && !(await new EmbedderBook(store.settings).measured(added, measurement)))
      throw new SightlineError(
        'MODEL_NOT_FOUND',
        `Expected ${name} to be there still but it was removed or replaced while it was measured`,
      );
    const kept = added
      ? `Kept: from its next start, a program with recognition.embedder: ${name} uses these.\n`
      : 'The figures that Sightline states for this embedder stay as they are.\n';
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(measurement, null, 2)}\n`
        : describeMeasurement(measurement) + kept,
    );
  } finally {
    await store.close();
  }
}

/** On photos in folders by person: the central face of each, whatever its quality. */
async function measureFolder(folder: string, spec: EmbeddingSpec, config: Config): Promise<Measurement> {
  const plan = await planPhotos(folder, undefined);
  process.stderr.write(describeLeftOut(plan.leftOut));
  requirePhotos(plan, folder);
  requireEnoughPeople(plan.photos.map(({ name }) => name));
  const reader = await FaceReader.open(config, { spec, projection: null });
  try {
    const faces = await embedFolder(plan.photos, reader);
    return figures(faces, basename(resolve(folder)));
  } finally {
    showProgress('');
    await reader.close();
  }
}

async function embedFolder(
  photos: readonly NamedPhoto[],
  reader: FaceReader<EmbeddingSpec>,
): Promise<EmbeddedFace[]> {
  const faces: EmbeddedFace[] = [];
  for (const [index, { name: person, path }] of photos.entries()) {
    showProgress(`${index} of ${photos.length} photos`);
    try {
      const image = await readImage(path, photoLimits);
      const face = centralFace(await reader.detect(image), image);
      const read = face && (await reader.read(image, face));
      if (read) faces.push({ person, vector: read.vector });
      else process.stderr.write(`${path}: no face\n`);
    } catch (error) {
      const { code, message } = asSightlineError(error);
      if (['DETECTOR_FAILED', 'EMBEDDER_FAILED', 'INTERNAL'].includes(code)) throw error;
      process.stderr.write(`${path}: ${code}: ${message}\n`);
    }
  }
  return faces;
}

/** On the photos enrolled; embeddings that are missing are made from their crops, and stay. */
async function measureGallery(
  spec: EmbeddingSpec,
  config: Config,
  store: Awaited<ReturnType<typeof openStore>>,
): Promise<Measurement> {
  requireEnoughPeople(await peopleOfPhotos(store.people));
  const reader = await FaceReader.open(config, { spec, projection: null });
  try {
    await reader.catchUp(store.embeddings);
  } finally {
    await reader.close();
  }
  const photos = await readPhotos(store.people, spec);
  return figures(
    photos.map(({ photo, vector }) => ({ person: photo.person.id, vector })),
    'the gallery',
  );
}

async function peopleOfPhotos(people: PeopleStore): Promise<string[]> {
  const persons = await people.persons();
  return persons.flatMap(({ id, faces }) => Array.from({ length: faces }, () => id));
}

function figures(faces: readonly EmbeddedFace[], set: string): Measurement {
  try {
    return embedderFigures(faces, set, Date.now(), (done) =>
      showProgress(`${done} of ${faces.length} photos compared`),
    );
  } finally {
    showProgress('');
  }
}
