import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { createDetector } from '../detection/create-detector.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { progressDisplay } from './model-progress.js';
import { configFrom, numberOrText, withOptions, type SharedOptions } from './options.js';

/** Options of commands that search pictures for faces; those left out are as the configuration says. */
export interface DetectorOptions extends SharedOptions {
  readonly detector?: string;
  readonly range?: string;
  readonly threshold?: number | string;
  readonly minFace?: number | string;
}

/**
 * Adds the option that chooses a detector for photos. They can wait for MTCNN, which places landmarks best; what the
 * configuration says of cameras does not count.
 */
export function withPhotoDetector(command: Command): Command {
  return command.option('--detector <kind>', 'auto, mediapipe, mtcnn or haar', 'mtcnn');
}

/** Adds the options that choose and set a detector. */
export function withDetectorOptions(command: Command): Command {
  command
    .option('--detector <kind>', 'auto, mediapipe, mtcnn or haar (default: auto)')
    .option('--range <range>', 'MediaPipe: full or short (default: full)')
    .option('--threshold <score>', "leave out lower scores (default: the detector's own)", numberOrText)
    .option(
      '--min-face <pixels>',
      "side of the smallest face looked for (default: the detector's own)",
      numberOrText,
    );
  return withOptions(command, ['config', 'modelsDir']);
}

/** The configuration with these options on top. */
export function detectorConfig({
  detector: kind,
  range,
  threshold,
  minFace: minFaceSize,
  ...shared
}: DetectorOptions): Promise<Config> {
  return configFrom(shared, { detector: { kind, range, threshold, minFaceSize } });
}

/** Makes the detector of a configuration, with its networks fetched before. */
export async function openDetector(config: Config): Promise<FaceDetector> {
  const progress = progressDisplay();
  try {
    const models = new ModelStore({
      cacheDir: config.models.dir ?? defaultCacheDir(),
      onProgress: progress.update,
    });
    return await createDetector(config.detector, models, () => undefined);
  } finally {
    progress.stop();
  }
}
