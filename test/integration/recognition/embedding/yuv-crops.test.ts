import { expect, it } from 'vitest';
import { euclideanDistance } from '../../../../src/core/distance.js';
import type { Image } from '../../../../src/core/image.js';
import { cutFace } from '../../../../src/recognition/embedding/crop.js';
import { toYuv } from '../../../helpers/yuv.js';
import { readAsset, startDetector, startEmbedder } from '../faces.js';

it('a face cut out of YUV is embedded like the same face cut out of RGB', async () => {
  const detector = await startDetector();
  const embedder = await startEmbedder();
  const photo = await readAsset('sample-4');
  const faces = await detector.detect(photo);
  const vectorOf = async (image: Image, index: number): Promise<Float32Array> => {
    const result = await embedder.embed(cutFace(image, faces[index]!.landmarks)!);
    if (result.status !== 'embedded') throw new Error(`Expected an embedding, not ${result.status}`);
    return result.embedding.vector;
  };
  const pictures = [await toYuv(photo, 'bt601'), await toYuv(photo, 'bt709')];
  expect(faces.length).toBeGreaterThan(0);
  for (const index of faces.keys()) {
    const expected = await vectorOf(photo, index);
    // A stranger is at 1 and more; .03 was the most on 21 faces.
    for (const yuv of pictures) {
      expect(euclideanDistance(await vectorOf(yuv, index), expected)).toBeLessThan(0.1);
    }
  }
  await Promise.all([detector.close(), embedder.close()]);
});
