import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { encodeJpeg } from '../annotate/encode.js';
import { LabelCache } from '../annotate/label-cache.js';
import { drawOverlay, prepareLabels, type FaceOverlay } from '../annotate/overlay.js';
import { keepFontCacheIn } from '../config/environment.js';
import type { Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { RgbImage } from '../core/image.js';
import { defaultCacheDir } from '../models/model-store.js';

const jpegQuality = 90;

/** Writes pictures with their faces marked. */
export class FaceDrawing {
  readonly #targets: ReadonlyMap<string, string>;
  readonly #labels: LabelCache;

  private constructor(targets: ReadonlyMap<string, string>, labels: LabelCache) {
    this.#targets = targets;
    this.#labels = labels;
  }

  /**
   * @param out a file for one picture; a folder, made when missing, for several
   * @throws SightlineError USAGE when pictures would be written over each other or over their sources,
   *   OUTPUT_UNWRITABLE
   */
  static async create(images: readonly string[], out: string, config: Config): Promise<FaceDrawing> {
    const targets = await chooseTargets(images, out);
    const fontsDir = join(config.models.dir ?? defaultCacheDir(), 'fonts');
    keepFontCacheIn(fontsDir);
    // Labels are prepared before they are drawn, so none fails unseen.
    return new FaceDrawing(targets, new LabelCache({ fontsDir, onError: () => undefined }));
  }

  /** Draws over `image` and writes it to where `path` goes. @throws SightlineError OUTPUT_UNWRITABLE */
  async write(path: string, image: RgbImage, overlays: readonly FaceOverlay[]): Promise<void> {
    await prepareLabels(image.height, overlays, this.#labels);
    drawOverlay(image, overlays, this.#labels);
    const target = this.#targets.get(path)!;
    await writeFile(target, await encodeJpeg(image, { quality: jpegQuality })).catch((error: unknown) => {
      throw unwritable(target, error);
    });
  }
}

/** Where each picture goes. */
async function chooseTargets(images: readonly string[], out: string): Promise<Map<string, string>> {
  const isFolder = (await stat(out).catch(() => undefined))?.isDirectory() ?? images.length > 1;
  const target = (path: string): string =>
    isFolder ? join(out, `${basename(path, extname(path))}.jpg`) : out;
  const targets = new Map(images.map((path) => [path, target(path)]));
  if (new Set(targets.values()).size < targets.size) {
    throw new SightlineError(
      'USAGE',
      `Expected a folder, and pictures of different names, for ${targets.size} pictures to draw, but received ${out}.`,
    );
  }
  const sources = new Set(images.map((path) => resolve(path)));
  const overwritten = [...targets.values()].find((path) => sources.has(resolve(path)));
  if (overwritten !== undefined) {
    throw new SightlineError(
      'USAGE',
      `Expected to draw to another file than the picture ${overwritten} itself.`,
    );
  }
  if (isFolder) {
    await mkdir(out, { recursive: true }).catch((error: unknown) => {
      throw unwritable(out, error);
    });
  }
  return targets;
}

/** The error for a place that cannot be written to. */
export function unwritable(path: string, cause: unknown): SightlineError {
  return new SightlineError(
    'OUTPUT_UNWRITABLE',
    `Expected to write to ${path}: ${(cause as Error).message}.`,
    {
      cause,
    },
  );
}
