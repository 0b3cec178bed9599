import type { Command } from 'commander';
import { projectedChoice, type EmbedderChoice } from '../app/embedder-choice.js';
import { openStore } from '../app/open-store.js';
import { loadPairHead } from '../services/pictures.js';
import type { Config } from '../config/schema.js';
import { asSightlineError, SightlineError } from '../core/errors.js';
import { readImage } from '../ingest/still-image.js';
import { checkQuality } from '../recognition/enrolment/enrolment.js';
import { mainFace } from '../recognition/enrolment/main-face.js';
import {
  verifyFaces,
  type PairProbability,
  type Verification,
} from '../recognition/decision/verify-faces.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { FaceReader } from './face-reader.js';
import { withOptions, type SharedOptions } from './options.js';
import { photoLimits } from './photos.js';
import { detectorConfig, withPhotoDetector } from './still-detector.js';
import { tellMisfit } from './unfit-heads.js';

interface VerifyOptions extends SharedOptions {
  readonly detector: string;
  readonly json?: boolean;
}

/** `sightline verify <first> <second>` */
export function verifyCommand(command: Command): void {
  command
    .argument('<first>', 'a photo with one face')
    .argument('<second>', 'another one')
    .option('--json', 'print {same, distance, threshold, probability, prior}');
  withOptions(withPhotoDetector(command), ['embedder', 'config', 'data', 'modelsDir']);
  command.action(async (first: string, second: string, options: VerifyOptions) => {
    const config = await detectorConfig(options);
    const { choice, head } = await chosen(config);
    const reader = await FaceReader.open(config, choice);
    try {
      const { spec } = reader;
      const vectors = [await readFace(first, reader), await readFace(second, reader)] as const;
      const threshold = choice.thresholds.threshold ?? spec.threshold;
      const verification = verifyFaces(vectors, spec, threshold, head);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(verification, null, 2)}\n` : describe(verification),
      );
      if (!verification.same) process.exitCode = 1;
    } finally {
      await reader.close();
    }
  });
}

/** The embedder in use, and the Siamese head trained for it. @throws SightlineError HEAD_CORRUPT */
async function chosen(config: Config): Promise<{ choice: EmbedderChoice; head: PairProbability | null }> {
  const store = await openStore(config.data, { create: false });
  try {
    const embedders = await Embedders.read(store.settings);
    const choice = await projectedChoice(config, embedders, store.heads, tellMisfit);
    return { choice, head: await loadPairHead(store.heads, choice.spec, tellMisfit) };
  } finally {
    await store.close();
  }
}

/** The embedding of the one face on a photo; errors name the file. */
async function readFace(path: string, reader: FaceReader): Promise<Float32Array> {
  const image = await readImage(path, photoLimits);
  try {
    const face = await reader.read(image, mainFace(await reader.detect(image)));
    if (face === undefined)
      throw new SightlineError('FACE_NOT_FOUND', 'Expected a face inside the photo but it lies outside');
    checkQuality(face.quality);
    return face.vector;
  } catch (error) {
    const { code, message } = asSightlineError(error);
    throw new SightlineError(code, `${path}: ${message}`, { cause: error });
  }
}

function describe({ same, distance, threshold, probability, prior }: Verification): string {
  const verdict = same ? 'The same person' : 'Different people';
  const measured = `distance ${distance.toFixed(3)}, the same needs ${threshold.toFixed(3)} or less`;
  // Nobody is ever certain, and rounding must not contradict the verdict.
  const [least, most] = same ? [50, 99.9] : [0.1, 49.9];
  const percent = Math.min(most, Math.max(least, probability * 100)).toFixed(1);
  const assumed = `if ${(prior * 100).toPrecision(2)} % of such pairs show one`;
  return `${verdict}: ${measured}; the chance of one person is ${percent} %, ${assumed}\n`;
}
