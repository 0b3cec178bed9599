import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabelCache, type LabelBitmap } from '../../../src/annotate/label-cache.js';

let folder: string;
let labels: LabelCache;

const failOnError = (error: unknown) => {
  throw error;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-labels-'));
  // As on a machine without any fonts; read when the first text is rendered.
  process.env['FONTCONFIG_FILE'] = join(folder, 'no-fonts.conf');
  await writeFile(process.env['FONTCONFIG_FILE'], '<fontconfig></fontconfig>');
  labels = new LabelCache({ fontsDir: join(folder, 'fonts'), onError: failOnError });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Whether the ink starts and ends with an upright line from top to bottom, as the boxes for missing characters do. */
function looksBoxed({ width, height, mask }: LabelBitmap): boolean {
  const isLine = (column: number) =>
    Array.from({ length: height }, (_, row) => mask[row * width + column]!).every((ink) => ink > 20);
  return [0, 1, 2].some(isLine) && [3, 2, 1].some((fromRight) => isLine(width - fromRight));
}

describe('rendering', () => {
  it('shows a box for a character that no font has (so that the next test can fail)', async () => {
    expect(looksBoxed(await labels.prepare('\u{10fff0}', 32))).toBe(true);
  });

  it.each([
    ['Latin', 'José Ñandú Łukasz Hương'],
    ['Cyrillic', 'Юлия Щербакова'],
    ['Greek', 'Ελένη Παπαδοπούλου'],
    ['Arabic', 'محمد عبد الله'],
    ['Hebrew', 'יוסף לוי'],
    ['Armenian', 'Հայկ Սարգսյան'],
    ['Georgian', 'კახა ქართველი'],
    ['Devanagari', 'प्रिया श्रीवास्तव'],
    ['Bengali', 'রহিম চৌধুরী'],
    ['Tamil', 'தமிழ்ச்செல்வன்'],
    ['Thai', 'สมชาย ใจดี'],
    ['Chinese', '王小明 欧阳娜娜 陳鄭'],
    ['Japanese', '佐藤さくら タカハシ 高橋'],
    ['Korean', '김민준 이서연'],
    ['Ethiopic, by the last resort', 'መሠረት ደፋር'],
    ['emoji', '😀 👩‍🚀'],
  ])('shows %s without any system font', async (_, name) => {
    const label = await labels.prepare(name, 32);
    expect(looksBoxed(label)).toBe(false);
    expect(label.mask).toHaveLength(label.width * label.height);
    expect(label.mask.some((ink) => ink === 255)).toBe(true);
    expect(label.height).toBeGreaterThan(16);
    expect(label.height).toBeLessThan(64);
  });

  it('joins Arabic letters', async () => {
    const gaps = ({ width, height, mask }: LabelBitmap) =>
      Array.from({ length: width }, (_, x) => x).filter((x) =>
        Array.from({ length: height }, (_, y) => mask[y * width + x]!).every((ink) => ink === 0),
      ).length;
    expect(gaps(await labels.prepare('محمد', 32))).toBe(0);
    expect(gaps(await labels.prepare('م\u200cح\u200cم\u200cد', 32))).toBeGreaterThan(2);
  });

  it('takes markup as text', async () => {
    const plain = await labels.prepare('b', 20);
    const tagged = await labels.prepare('<b>b</b>', 20);
    expect(tagged.width).toBeGreaterThan(plain.width * 5);
    await labels.prepare('<&"\'>&amp;<span foreground="x">', 20);
  });

  it('makes one line of many', async () => {
    const label = await labels.prepare('Ann\n\u202e\tLee\u0000', 20);
    expect(label).toEqual(await labels.prepare('Ann Lee', 20));
  });

  it.each(['Somebody '.repeat(40), '王'.repeat(300), 'محمد '.repeat(80), '👩‍🚀'.repeat(99)])(
    'ends a long name in an ellipsis: %#',
    async (name) => {
      const label = await labels.prepare(name, 20);
      expect(label.width).toBeLessThanOrEqual(14 * 20);
      expect(label.width).toBeGreaterThan(11 * 20);
      expect(looksBoxed(label)).toBe(false);
    },
  );

  it('gives nothing for a name of blanks', async () => {
    expect(await labels.prepare(' \n ', 20)).toMatchObject({ width: 0, height: 0 });
  });
});

describe('caching', () => {
  it('gives a label once it is rendered, each height its own', async () => {
    expect(labels.get('Cached', 20)).toBeUndefined();
    const small = await labels.prepare('Cached', 20);
    expect(labels.get('Cached', 20)).toBe(small);
    expect(await labels.prepare('Cached', 20)).toBe(small);
    expect((await labels.prepare('Cached', 40)).width).toBeGreaterThan(small.width * 1.8);
  });

  it('unpacks fonts of several caches at once, whole, and takes them as they are later', async () => {
    const fontsDir = join(folder, 'shared');
    const caches = [1, 2, 3].map(() => new LabelCache({ fontsDir, onError: failOnError }));
    const names = ['Ann', 'Юлия', 'प्रिया', '王小明'];
    const bitmaps = await Promise.all(
      caches.flatMap((cache) => names.map((name) => cache.prepare(name, 24))),
    );
    for (const [index, bitmap] of bitmaps.entries()) expect(bitmap).toEqual(bitmaps[index % names.length]);
    const files = await readdir(fontsDir);
    expect(files.length).toBeGreaterThan(4);
    expect(files.every((file) => file.endsWith('.ttf'))).toBe(true);
  });

  it('tells of a folder that cannot be written, once for each label, and leaves the label empty', async () => {
    const inTheWay = join(folder, 'file');
    await writeFile(inTheWay, '');
    const error = await new Promise((resolve) => {
      const failing = new LabelCache({ fontsDir: join(inTheWay, 'fonts'), onError: resolve });
      expect(failing.get('Ann', 20)).toBeUndefined();
    });
    expect(error).toMatchObject({ code: 'ENOTDIR' });
  });
});
