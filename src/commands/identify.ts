import type { Command } from 'commander';
import { trainedChoice } from '../app/embedder-choice.js';
import { openStore } from '../app/open-store.js';
import type { FaceOverlay } from '../annotate/overlay.js';
import type { Config } from '../config/schema.js';
import type { Box } from '../core/geometry.js';
import type { Detection } from '../core/face.js';
import type { RgbImage } from '../core/image.js';
import { calibrationFor } from '../services/calibration.js';
import { rulesFor, type DecisionRules } from '../recognition/decision/decision.js';
import { Gallery } from '../recognition/gallery/gallery.js';
import { identifyFace, type FaceIdentity } from '../recognition/decision/identify-face.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { FaceDrawing } from './face-drawing.js';
import { FaceReader } from './face-reader.js';
import { withOptions, type SharedOptions } from './options.js';
import { readOrReport } from './read-photo.js';
import { detectorConfig, withPhotoDetector } from './still-detector.js';
import { tellMisfit } from './unfit-heads.js';

/** The nearest people that a face is compared with by name; the margin needs two. */
const neighbours = 3;

interface IdentifyOptions extends SharedOptions {
  readonly detector: string;
  readonly json?: boolean;
  readonly draw?: string;
}

/** One face, as `--json` prints it. */
interface IdentifiedFace extends Omit<FaceIdentity, 'person'> {
  readonly name: string | null;
  readonly personId: string | null;
  readonly box: Box;
}

interface IdentifiedImage {
  readonly image: string;
  readonly faces: readonly IdentifiedFace[];
}

interface Identifier {
  readonly reader: FaceReader;
  readonly gallery: Gallery;
  readonly rules: DecisionRules;
}

/** `sightline identify <image…>` */
export function identifyCommand(command: Command): void {
  command
    .argument('<image...>', 'picture files')
    .option('--json', 'print a list of {image, faces: [{name, distance, box, …}]}')
    .option('--draw <out>', 'write the picture with its faces named; for several pictures, into this folder');
  withOptions(withPhotoDetector(command), ['embedder', 'config', 'data', 'modelsDir']);
  command.action(identify);
}

async function identify(images: readonly string[], options: IdentifyOptions): Promise<void> {
  const config = await detectorConfig(options);
  const drawing =
    options.draw === undefined ? undefined : await FaceDrawing.create(images, options.draw, config);
  const identified: IdentifiedImage[] = [];
  await withIdentifier(config, async (identifier) => {
    for (const path of images) {
      const image = await readOrReport(path);
      if (image === undefined) continue;
      const faces = await identifyAll(image, identifier);
      await drawing?.write(path, image, faces.map(namedFace));
      if (options.json === true) identified.push({ image: path, faces });
      else process.stdout.write(describe(path, faces));
    }
  });
  if (options.json === true) process.stdout.write(`${JSON.stringify(identified, null, 2)}\n`);
}

/** Opens gallery and networks for as long as `use` runs. */
async function withIdentifier(config: Config, use: (identifier: Identifier) => Promise<void>): Promise<void> {
  const store = await openStore(config.data, { create: false });
  let gallery: Gallery | undefined;
  let reader: FaceReader | undefined;
  try {
    const choice = await trainedChoice(config, await Embedders.read(store.settings), store.heads, tellMisfit);
    const { spec, classifier } = choice;
    const calibration = await calibrationFor(config, store.settings);
    const thresholds = { ...choice.thresholds, calibration };
    reader = await FaceReader.open(config, choice);
    await reader.catchUp(store.embeddings);
    gallery = await Gallery.open({ store, spec, onError: () => undefined });
    await use({ reader, gallery, rules: rulesFor(spec, thresholds, gallery.faces, classifier) });
  } finally {
    await reader?.close();
    await gallery?.close();
    await store.close();
  }
}

async function identifyAll(image: RgbImage, identifier: Identifier): Promise<IdentifiedFace[]> {
  const faces: IdentifiedFace[] = [];
  for (const detection of await identifier.reader.detect(image)) {
    const { person, ...rest } = await identifyOne(image, detection, identifier);
    faces.push({ name: person?.name ?? null, personId: person?.id ?? null, box: detection.box, ...rest });
  }
  return faces;
}

async function identifyOne(
  image: RgbImage,
  detection: Detection,
  { reader, gallery, rules }: Identifier,
): Promise<FaceIdentity> {
  const face = await reader.read(image, detection);
  // A face that lies outside the picture has no pixels to compare.
  if (face === undefined) return identifyFace({ nearest: [], quality: 0, vector: new Float32Array() }, rules);
  const nearest = await gallery.match(face.vector, neighbours);
  return identifyFace({ nearest, quality: face.score, vector: face.vector }, rules);
}

function namedFace({ name, box }: IdentifiedFace): FaceOverlay {
  return { box, label: name ?? 'unknown', tone: name === null ? 'unknown' : 'known' };
}

function describe(path: string, faces: readonly IdentifiedFace[]): string {
  if (faces.length === 0) return `${path}: no face\n`;
  return faces
    .map(({ name, box, why }) => {
      const [x, y] = [box.x, box.y].map(Math.round);
      return `${path}: ${name ?? 'unknown'} at (${x}, ${y}). ${why}\n`;
    })
    .join('');
}
