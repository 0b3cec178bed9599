import { Command } from 'commander';
import { asSightlineError } from '../core/errors.js';
import type { Detection } from '../core/face.js';
import type { RgbImage } from '../core/image.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { readImage } from '../ingest/still-image.js';
import { FaceDrawing } from './face-drawing.js';
import { photoLimits } from './photos.js';
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
export function detectCommand(): Command {
  const command = new Command('detect')
    .description('Find the faces on pictures')
    .argument('<image...>', 'picture files')
    .option('--json', 'print a list of {image, width, height, faces: [{box, score, landmarks}]}')
    .option(
      '--draw <out>',
      'write the picture with its faces marked; for several pictures, into this folder',
    );
  return withDetectorOptions(command).action(async (images: string[], options: DetectOptions) => {
    const config = await detectorConfig(options);
    const drawing =
      options.draw === undefined ? undefined : await FaceDrawing.create(images, options.draw, config);
    const detector = await openDetector(config);
    const found: SearchedImage[] = [];
    try {
      for (const path of images) {
        const searched = await search(path, detector, drawing);
        if (searched === undefined) process.exitCode = 1;
        else if (options.json === true) found.push(searched);
        else process.stdout.write(describe(searched));
      }
    } finally {
      await detector.close();
    }
    if (options.json === true) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  });
}

/** Says what is wrong with a picture that cannot be read, and gives nothing for it. */
async function search(
  path: string,
  detector: FaceDetector,
  drawing: FaceDrawing | undefined,
): Promise<SearchedImage | undefined> {
  let image: RgbImage;
  try {
    image = await readImage(path, photoLimits);
  } catch (error) {
    const { code, message, remedy } = asSightlineError(error);
    process.stderr.write(`✗ ${path}: ${code}: ${message}\n  ${remedy}\n`);
    return undefined;
  }
  const faces = await detector.detect(image);
  const { width, height } = image;
  await drawing?.write(path, image, faces);
  return { image: path, width, height, faces };
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
