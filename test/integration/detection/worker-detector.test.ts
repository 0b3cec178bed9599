import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { createDetector, type DetectorChoice } from '../../../src/detection/create-detector.js';
import { WorkerDetector } from '../../../src/detection/worker/worker-detector.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { patienceMs } from '../../helpers/patience.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });
const mediapipe: DetectorChoice = { kind: 'mediapipe', range: 'full', threshold: null, minFaceSize: null };
const options = { modelsDir: defaultCacheDir(), background: false, timeoutMs: patienceMs };
const limits = { maxBytes: 1e8, maxPixels: 1e8 };

describe.each([mediapipe, { ...mediapipe, kind: 'mtcnn', minFaceSize: 80 } as const])(
  '$kind in a thread',
  (choice) => {
    const threaded = new WorkerDetector({ ...options, choice });
    afterAll(() => threaded.close());

    it('finds what it finds on the main loop, and leaves the picture as it is', async () => {
      const photo = await readImage(await models.ensure('sample-1'), limits);
      const before = Buffer.from(photo.data);
      const here = await createDetector(choice, models, () => undefined);
      expect(await threaded.detect(photo)).toEqual(await here.detect(photo));
      expect(before.equals(photo.data)).toBe(true);
      await here.close();
    });

    it('searches pictures of all sizes, one after another and at once, each in its own pixels', async () => {
      const names = ['sample-1', 'demo-franck-01829', 'sample-1'];
      const paths = await Promise.all(names.map((name) => models.ensure(name)));
      const photos = await Promise.all(paths.map((path) => readImage(path, limits)));
      const oneByOne = [];
      for (const photo of photos) oneByOne.push(await threaded.detect(photo));
      expect(oneByOne.map(({ length }) => length > 0)).toEqual([true, true, true]);
      expect(oneByOne[1]).not.toEqual(oneByOne[0]);
      expect(oneByOne[2]).toEqual(oneByOne[0]);
      expect(await Promise.all(photos.map((photo) => threaded.detect(photo)))).toEqual(oneByOne);
    });

    it('searches two videos apart', async () => {
      const photo = await readImage(await models.ensure('demo-franck-01829'), limits);
      const [first, second] = [threaded.video(), threaded.video()];
      // The first frame of a video is searched whole, later ones where faces are expected.
      const [face] = await first.detect(photo, [], 0);
      expect(face).toBeDefined();
      expect(await first.detect(photo, face ? [face.box] : [], 100)).toHaveLength(1);
      expect(await second.detect(photo, [], 100)).toHaveLength(1);
    });

    it('forgets a video that has ended', async () => {
      const photo = await readImage(await models.ensure('demo-franck-01829'), limits);
      const video = threaded.video();
      await video.detect(photo, [], 0);
      video.end();
      // Another frame of the same would be searched in part.
      expect(await video.detect(photo, [], 0)).toHaveLength(1);
    });

    it('refuses a short buffer and goes on', async () => {
      const short = { width: 640, height: 480, data: new Uint8Array(10) };
      await expect(threaded.detect(short)).rejects.toMatchObject({ code: 'DETECTOR_FAILED' });
      const photo = await readImage(await models.ensure('sample-1'), limits);
      expect((await threaded.detect(photo)).length).toBeGreaterThan(0);
    });
  },
);

describe('a detector whose networks cannot be had', () => {
  it('says so with each picture', async () => {
    const threaded = new WorkerDetector({ ...options, choice: mediapipe, modelsDir: '/dev/null/models' });
    const black = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
    await expect(threaded.detect(black)).rejects.toMatchObject({ code: 'MODEL_CACHE_UNWRITABLE' });
    await threaded.close();
  });
});

describe('a thread that does not answer in time', () => {
  it('is given up, and said so', async () => {
    const threaded = new WorkerDetector({ ...options, choice: mediapipe, timeoutMs: 1 });
    const black = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
    for (let picture = 0; picture < 2; picture++) {
      await expect(threaded.detect(black)).rejects.toThrow(/no answer within 1 ms/);
    }
    await threaded.close();
  });
});

describe('a detector in the background', { tags: ['linux'] }, () => {
  it('gives way by itself, and nothing else of the process does', async () => {
    const before = await niceThreads();
    const threaded = new WorkerDetector({ ...options, choice: mediapipe, background: true });
    const black = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
    await threaded.detect(black);
    expect((await niceThreads()) - before).toBe(1);
    await threaded.close();
    expect(getPriority(0)).toBe(0);
  });
});

/** How many threads of this process give way to others. */
async function niceThreads(): Promise<number> {
  const tasks = await readdir('/proc/self/task');
  const stats = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/stat`, 'utf8').catch(() => '')),
  );
  // Fields count from after the name, which may hold anything: niceness is the 19th of all, `state` the third.
  return stats.filter((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16] ?? 0) > 0).length;
}
