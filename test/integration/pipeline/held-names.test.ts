import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeTurns } from '../../helpers/composed-video.js';
import { sharedData } from '../../helpers/prerequisites.js';
import { NamingBench, type Drawn, type Told } from './followed-names.js';

const photos = join(sharedData, 'identity');
const lfw = (photo: string): string =>
  join(sharedData, 'lfw-view1', 'images', photo.replace(/_\d+$/, ''), `${photo}.jpg`);
const name = 'Barack Obama';
const known = join(photos, 'obama2.jpg');
const strangers = [
  join(photos, 'lin-manuel-miranda.png'),
  ...['Al_Pacino_0001', 'Albert_Costa_0002', 'Alicia_Keys_0001'].map(lfw),
];
const hiddenSeconds = 0.6;

let bench: NamingBench;

beforeAll(async () => {
  bench = await NamingBench.open();
  await bench.enrol(name, join(photos, 'obama.jpg'));
  await bench.enrol('Joe Biden', join(photos, 'biden.jpg'));
});
afterAll(() => bench.close());

/** Seconds, from a moment on, in which the name was drawn as certain. */
function carriedSeconds(drawn: readonly Drawn[], from: number): number {
  return (
    drawn.filter(({ seconds, label, tone }) => seconds >= from && tone === 'known' && label === name).length /
    25
  );
}

/** What was told of identities and of the tracks' starts and ends, in short, with the names given. */
function story(told: readonly Told[]): string[] {
  return told.map(({ type, name: named }) => (named === undefined ? type : `${type} ${named}`));
}

describe('the name of a followed face', { tags: ['identity', 'lfw'] }, () => {
  it.each([
    [25, strangers.slice(0, 1)],
    [10, strangers],
    [5, strangers.slice(1, 2)],
    [2, strangers.slice(2, 3)],
    [1, strangers.slice(3)],
    [0.5, strangers.slice(0, 1)],
  ])('is not carried over to who comes to the same place, at %d searches a second', async (rate, others) => {
    // Six searches for each face, so that all rates have as much to go by.
    const shown = Math.max(2, 6 / rate);
    for (const stranger of others) {
      const from = shown + hiddenSeconds;
      const turns = [await bench.turn(known, 0, shown), await bench.turn(stranger, from, from + shown)];
      const { drawn, told } = await bench.play(await composeTurns(turns, from + shown), rate);
      expect(story(told), stranger).toEqual([
        ...['track.started', `identity.recognized ${name}`, 'identity.held'],
        // The track before ends as it was, with its name; the stranger has a track of their own.
        ...[`track.ended ${name}`, 'track.started', 'identity.unknown', 'track.ended'],
      ]);
      // Nobody can know of the stranger before the first search that shows them.
      const looked = Math.ceil(from * rate - 1e-6) / rate;
      expect(carriedSeconds(drawn, looked), stranger).toBeLessThanOrEqual(0.5);
      const [, , held, ended] = told;
      expect(held!.seconds - looked).toBeLessThanOrEqual(1 / rate);
      expect(ended!.seconds - held!.seconds).toBeLessThanOrEqual(0.5);
    }
  });

  it.each([10, 2])(
    'comes back with the face and is not told again, at %d searches a second',
    async (rate) => {
      const from = 3 + hiddenSeconds;
      const turns = [await bench.turn(known, 0, 3), await bench.turn(known, from, from + 3)];
      const { drawn, told } = await bench.play(await composeTurns(turns, from + 3), rate);
      expect(story(told)).toEqual([
        ...['track.started', `identity.recognized ${name}`, 'identity.held'],
        ...[`identity.confirmed ${name}`, `track.ended ${name}`],
      ]);
      expect(carriedSeconds(drawn, from)).toBeGreaterThan(2);
    },
  );

  it.each([10, 2])('is not carried over a hard cut, at %d searches a second', async (rate) => {
    const turns = [await bench.turn(known, 0, 3), await bench.turn(strangers[1]!, 3, 6)];
    const { drawn, told } = await bench.play(await composeTurns(turns, 6), rate);
    expect(story(told)).toEqual([
      ...['track.started', `identity.recognized ${name}`, 'identity.held'],
      ...[`track.ended ${name}`, 'track.started', 'identity.unknown', 'track.ended'],
    ]);
    expect(carriedSeconds(drawn, 3)).toBeLessThanOrEqual(0.5);
  });

  it.each([25, 10, 8])('is told within a second of the face at %d searches a second', async (rate) => {
    const { told } = await bench.play(await composeTurns([await bench.turn(known, 0, 1.5)], 1.5), rate);
    expect(told.find(({ type }) => type === 'identity.recognized')?.seconds).toBeLessThanOrEqual(1);
  });
});
