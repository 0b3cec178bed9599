import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../src/core/image.js';
import { findFfmpeg } from '../../../src/ingest/ffmpeg-binary.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { lumaGrid } from '../../../src/tracking/luma-grid.js';
import { SceneChange } from '../../../src/tracking/scene-change.js';
import { sharedData } from '../../helpers/prerequisites.js';

const run = promisify(execFile);
const models = new ModelStore({ cacheDir: defaultCacheDir() });
/** Films with cuts. */
const films = join(sharedData, 'video');
const size = { width: 160, height: 90 };

async function framesOf(path: string, filter = 'null', seconds = 20): Promise<RgbImage[]> {
  const ffmpeg = await findFfmpeg();
  const scale = `${filter},scale=${size.width}:${size.height}`;
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const args = ['-loglevel', 'error', '-t', String(seconds), '-i', path, '-vf', scale, ...raw];
  const options = { encoding: 'buffer', maxBuffer: 1e9 } as const;
  const { stdout } = await run(ffmpeg.path, args, options);
  const bytes = size.width * size.height * 3;
  return Array.from({ length: stdout.length / bytes }, (_, i) => ({
    ...size,
    data: new Uint8Array(stdout.subarray(i * bytes, (i + 1) * bytes)),
  }));
}

function cutsIn(frames: readonly RgbImage[]): number[] {
  const scene = new SceneChange();
  return frames.flatMap((frame, i) => (scene.isCut(lumaGrid(frame)) ? [i] : []));
}

describe('a change of scene', () => {
  it.each(['demo-franck', 'demo-cap12', 'demo-cap13'])(
    'is not seen where %s moves before a camera',
    async (id) => {
      expect(cutsIn(await framesOf(await models.ensure(id)))).toEqual([]);
    },
  );

  it('is seen once where one film follows another', async () => {
    const [first, second] = await Promise.all(
      ['demo-franck', 'demo-cap12'].map(async (id) => framesOf(await models.ensure(id), 'null', 1)),
    );
    expect(cutsIn([...first!, ...second!])).toEqual([first!.length]);
  });

  it('is not seen where the light goes off, or on again', async () => {
    const film = await models.ensure('demo-cap12');
    const dark = "eq=brightness=-0.5:enable='between(t,1,2)',lutyuv=y='val*0.5'";
    expect(cutsIn(await framesOf(film, dark, 3))).toEqual([]);
    expect(cutsIn(await framesOf(film, "drawbox=color=black:t=fill:enable='between(t,1,2)'", 3))).toEqual([]);
  });

  it.each([
    ['crowd-1080p.mp4', []],
    ['two-men-360p.mp4', [45, 107, 236]],
  ])('is seen where %s cuts', { tags: ['films'] }, async (film, cuts) => {
    expect(cutsIn(await framesOf(join(films, film)))).toEqual(cuts);
  });
});
