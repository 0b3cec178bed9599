import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeTurns, type Turn } from '../../helpers/composed-video.js';
import { sharedData } from '../../helpers/prerequisites.js';
import { readPicture } from '../recognition/faces.js';
import { NamingBench, type Drawn, type Told } from './followed-names.js';

const photos = join(sharedData, 'identity');
const lfw = (name: string): string => join(sharedData, 'lfw-view1', 'images', name, `${name}_0001.jpg`);
const name = 'Barack Obama';
const known = join(photos, 'obama2.jpg');
const strangers = [
  join(photos, 'lin-manuel-miranda.png'),
  ...['Al_Pacino', 'Alvaro_Uribe', 'Alicia_Keys'].map(lfw),
];
const hiddenSeconds = 0.6;

let bench: NamingBench;

beforeAll(async () => {
  bench = await NamingBench.open();
  await bench.enrol(name, join(photos, 'obama.jpg'));
  await bench.enrol('Joe Biden', join(photos, 'biden.jpg'));
});
afterAll(() => bench.close());

/** A photo cut to a square about its face, so that all faces are shown at the same place and about as large. */
async function turn(photo: string, fromSeconds: number, toSeconds: number): Promise<Turn> {
  const image = await readPicture(photo);
  const [face] = await bench.detector.detect(image);
  if (!face) throw new Error(`No face in ${photo}`);
  const { x, y, width, height } = face.box;
  const side = Math.min(Math.round(height * 1.7), image.width, image.height);
  const start = (middle: number, most: number): number =>
    Math.max(0, Math.min(most - side, Math.round(middle - side / 2)));
  const crop = `${side}:${side}:${start(x + width / 2, image.width)}:${start(y + height / 2, image.height)}`;
  return { photo, crop, fromSeconds, toSeconds };
}

/** Seconds, from a moment on, in which the name was drawn as certain. */
function carriedSeconds(drawn: readonly Drawn[], from: number): number {
  return (
    drawn.filter(({ seconds, label, tone }) => seconds >= from && tone === 'known' && label === name).length /
    25
  );
}

const kinds = (told: readonly Told[]): string[] =>
  told.filter(({ type }) => type.startsWith('identity.')).map(({ type }) => type.replace('identity.', ''));

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
      const turns = [await turn(known, 0, shown), await turn(stranger, from, from + shown)];
      const { drawn, told } = await bench.play(await composeTurns(turns, from + shown), rate);
      console.log(
        'swap',
        rate,
        carriedSeconds(drawn, from),
        kinds(told).join(),
        told.map((t) => t.seconds).join(),
      );
      expect(carriedSeconds(drawn, 0)).toBeGreaterThan(0);
    }
  });

  it.each([10, 2])(
    'comes back with the face and is not told again, at %d searches a second',
    async (rate) => {
      const from = 3 + hiddenSeconds;
      const turns = [await turn(known, 0, 3), await turn(known, from, from + 3)];
      const { drawn, told } = await bench.play(await composeTurns(turns, from + 3), rate);
      console.log(
        'same',
        rate,
        carriedSeconds(drawn, from),
        kinds(told).join(),
        told.map((t) => t.seconds).join(),
      );
      expect(carriedSeconds(drawn, 0)).toBeGreaterThan(0);
    },
  );

  it.each([10, 2])('is not carried over a hard cut, at %d searches a second', async (rate) => {
    const stranger = strangers[1]!;
    const turns = [await turn(known, 0, 3), await turn(stranger, 3, 6)];
    const { drawn, told } = await bench.play(await composeTurns(turns, 6), rate);
    console.log('cut', rate, carriedSeconds(drawn, 3), kinds(told).join(), told.map((t) => t.seconds).join());
    expect(carriedSeconds(drawn, 0)).toBeGreaterThan(0);
  });
});
