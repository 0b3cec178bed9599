import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { MediaPipeDetector } from '../../../src/detection/mediapipe/mediapipe-detector.js';
import { createMediaPipeGraph, type MediaPipeGraph } from '../../../src/detection/mediapipe/runtime.js';
import { readImage } from '../../../src/ingest/still-image.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });

describe('MediaPipe', () => {
  it('is made anew after a frame that its graph cannot stand', async () => {
    const graphs: MediaPipeGraph[] = [];
    const model = await readFile(await models.ensure('blazeface-full-range-sparse'));
    const options = { model, minScore: 0.5, minFaceSize: 80, range: 'full' as const, log: () => undefined };
    const detector = await MediaPipeDetector.create(options, async (graphOptions) => {
      const graph = await createMediaPipeGraph(graphOptions);
      graphs.push(graph);
      return graph;
    });
    const photo = await readImage(await models.ensure('sample-1'), { maxBytes: 1e8, maxPixels: 1e8 });
    const before = await detector.detect(photo);
    expect(before.length).toBeGreaterThan(0);

    // The detector never lets such a frame through: it leaves the graph broken for all later ones.
    const [graph] = graphs;
    expect(() => graph?.detect({ width: 0, height: 0, data: new Uint8Array(0) })).toThrow();

    await expect(detector.detect(photo)).rejects.toMatchObject({ code: 'DETECTOR_FAILED' });
    expect(await detector.detect(photo)).toEqual(before);
    expect(graphs).toHaveLength(2);
    await detector.close();
  });
});
