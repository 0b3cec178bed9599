import { join } from 'node:path';
import sharp from 'sharp';
import type { Detection } from '../../src/core/face.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { sightline } from './sightline.js';

/** Paths of pictures of the manifest, in the order asked for. */
export async function assetPaths(ids: readonly string[]): Promise<string[]> {
  const paths = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure([...ids]);
  return ids.map((id) => paths.get(id)!);
}

/** Stills of one man, from the demo media. */
export const franck = ['01829', '02221', '02888', '03909'].map((number) => `demo-franck-${number}`);

/** Cuts each face of a picture out, with some of its surroundings, into `folder`; left to right. */
export async function cutFaces(picture: string, folder: string): Promise<string[]> {
  const { stdout } = await sightline(['detect', '--json', '--detector', 'mtcnn', picture]);
  const [{ faces, width, height }] = JSON.parse(stdout) as [
    { faces: Detection[]; width: number; height: number },
  ];
  const boxes = faces.map(({ box }) => box).sort((a, b) => a.x - b.x);
  return Promise.all(
    boxes.map(async ({ x, y, width: w, height: h }, index) => {
      const path = join(folder, `face-${index + 1}.jpg`);
      const left = Math.max(0, Math.round(x - w / 3));
      const top = Math.max(0, Math.round(y - h / 3));
      const right = Math.min(width, Math.round(x + (4 * w) / 3));
      const bottom = Math.min(height, Math.round(y + (4 * h) / 3));
      await sharp(picture)
        .extract({ left, top, width: right - left, height: bottom - top })
        .toFile(path);
      return path;
    }),
  );
}

/** A picture without a face. */
export async function greyPicture(folder: string): Promise<string> {
  const path = join(folder, 'grey.jpg');
  await sharp({ create: { width: 320, height: 240, channels: 3, background: '#777' } }).toFile(path);
  return path;
}
