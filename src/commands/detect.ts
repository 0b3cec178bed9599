import type { Command } from 'commander';
import type { FaceOverlay } from '../annotate/overlay.js';
import type { Detection } from '../core/face.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { FaceDrawing } from './face-drawing.js';
import { readOrReport } from './read-photo.js';
import { detectorConfig, openDetector, withDetectorOptions, type DetectorOptions } from './still-detector.js';

interface DetectOptions extends DetectorOptions {
  readonly json?: boolean;
  readonly draw?: string;
}

/** One picture and the faces on it, as `--json` prints it. */
interface SearchedImage {
  readonly image: string;
  readonly width: number;
  readonly height: number;
  readonly faces: readonly Detection[];
}

/** `sightline detect <image…>` */
export function detectCommand(command: Command): void {
  command
    .argument('<image...>', 'picture files')
    .option('--json', 'print a list of {image, width, height, faces: [{box, score, landmarks}]}')
    .option(
      '--draw <out>',
      'write the picture with its faces marked; for several pictures, into this folder',
    );
  withDetectorOptions(command).action(async (images: string[], options: DetectOptions) => {
    const config = await detectorConfig(options);
    const drawing =
      options.draw === undefined ? undefined : await FaceDrawing.create(images, options.draw, config);
    const detector = await openDetector(config);
    const found: SearchedImage[] = [];
    try {
      for (const path of images) {
        const searched = await search(path, detector, drawing);
        if (searched === undefined) continue;
        if (options.json === true) found.push(searched);
        else process.stdout.write(describe(searched));
      }
    } finally {
      await detector.close();
    }
    if (options.json === true) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  });
}

/** Undefined for a picture that cannot be read, which has been said. */
async function search(
  path: string,
  detector: FaceDetector,
  drawing: FaceDrawing | undefined,
): Promise<SearchedImage | undefined> {
  const image = await readOrReport(path);
  if (image === undefined) return undefined;
  const faces = await detector.detect(image);
  const { width, height } = image;
  await drawing?.write(path, image, faces.map(scoredFace));
  return { image: path, width, height, faces };
}

function scoredFace({ box, score, landmarks }: Detection): FaceOverlay {
  return { box, label: score.toFixed(2), tone: 'known', landmarks };
}

function describe({ image, faces }: SearchedImage): string {
  if (faces.length === 0) return `${image}: no face\n`;
  return faces
    .map(({ box, score }) => {
      const [width, height, x, y] = [box.width, box.height, box.x, box.y].map(Math.round);
      return `${image}: face of ${width}×${height} at (${x}, ${y}), score ${score.toFixed(3)}\n`;
    })
    .join('');
}
