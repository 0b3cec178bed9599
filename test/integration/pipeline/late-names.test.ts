import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaceEmbedder } from '../../../src/core/face-embedder.js';
import { composeTurns } from '../../helpers/composed-video.js';
import { sharedData } from '../../helpers/prerequisites.js';
import { noiseCrop } from '../recognition/faces.js';
import { NamingBench, type Told } from './followed-names.js';

const photo = join(sharedData, 'identity', 'obama2.jpg');
const name = 'Barack Obama';

let bench: NamingBench;

beforeAll(async () => {
  bench = await NamingBench.open();
  await bench.enrol(name, join(sharedData, 'identity', 'obama.jpg'));
  await bench.enrol('Joe Biden', join(sharedData, 'identity', 'biden.jpg'));
});
afterAll(() => bench.close());

/** Gives the pool so many urgent faces that no other one gets a turn, until it is stopped. */
function keepBusy(embedder: FaceEmbedder): { stop(): Promise<void> } {
  let isBusy = true;
  const embedOneByOne = async (seed: number): Promise<void> => {
    while (isBusy) await embedder.embed(noiseCrop(seed), { maxWaitMs: 60_000, urgent: true });
  };
  // More than a thread takes at a time and has in hand together.
  const rows = Array.from({ length: 8 }, (_, seed) => embedOneByOne(seed));
  return {
    stop: async () => {
      isBusy = false;
      await Promise.all(rows);
    },
  };
}

describe('somebody who shows for a second', { tags: ['identity'] }, () => {
  it('is named when the embedder is too busy to embed a crop before the track has ended', async () => {
    const frames = await composeTurns([await bench.turn(photo, 0, 1)], 1);
    const busy = keepBusy(bench.embedder);
    let before: readonly Told[] = [];
    let stopping: Promise<void> | undefined;
    const { told } = await bench.play(frames, 3, (soFar) => {
      before = [...soFar];
      stopping = busy.stop();
    });
    await stopping;
    expect(before.map(({ type }) => type)).toEqual(['track.started']);
    expect(told.map(({ type, name: named }) => [type, named])).toEqual([
      ['track.started', undefined],
      ['identity.recognized', name],
      ['track.ended', name],
    ]);
  });
});
