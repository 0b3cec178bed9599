import { access, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import writeFileAtomic from 'write-file-atomic';

const require = createRequire(import.meta.url);

/**
 * The fonts that are installed with Sightline, so that names can be drawn on a machine without fonts. Each is split
 * into files by Unicode range, which its `unicode.json` lists; the first font that has a character draws it. System
 * fonts are used for scripts that none of these covers.
 */
const fonts = [
  { family: 'Noto Sans', ranges: require.resolve('@fontsource-variable/noto-sans/unicode.json') },
  {
    family: 'Noto Sans Arabic',
    ranges: require.resolve('@fontsource-variable/noto-sans-arabic/unicode.json'),
  },
  {
    family: 'Noto Sans Hebrew Thin',
    ranges: require.resolve('@fontsource-variable/noto-sans-hebrew/unicode.json'),
  },
  {
    family: 'Noto Sans Armenian',
    ranges: require.resolve('@fontsource-variable/noto-sans-armenian/unicode.json'),
  },
  {
    family: 'Noto Sans Georgian',
    ranges: require.resolve('@fontsource-variable/noto-sans-georgian/unicode.json'),
  },
  { family: 'Noto Sans Thai', ranges: require.resolve('@fontsource-variable/noto-sans-thai/unicode.json') },
  {
    family: 'Noto Sans Bengali',
    ranges: require.resolve('@fontsource-variable/noto-sans-bengali/unicode.json'),
  },
  { family: 'Noto Sans Tamil', ranges: require.resolve('@fontsource-variable/noto-sans-tamil/unicode.json') },
  { family: 'Noto Sans SC Thin', ranges: require.resolve('@fontsource-variable/noto-sans-sc/unicode.json') },
  { family: 'Noto Sans KR Thin', ranges: require.resolve('@fontsource-variable/noto-sans-kr/unicode.json') },
] as const;

/** A bitmap font with every other character of the Basic Multilingual Plane; it is better than an empty box. */
const lastResort = require.resolve('@fontsource/unifontex/files/unifontex-latin-400-normal.woff2');

/**
 * Font families for Pango in order of preference. The last resort is not listed, so that system fonts come before it.
 */
export const fontFamilies = [...fonts.map((font) => font.family), 'sans-serif'].join(',');

interface FontFile {
  readonly path: string;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

/**
 * Unpacks the font files that a text needs, because Pango reads only TrueType and the packages contain WOFF2.
 * @see https://www.w3.org/TR/WOFF2/
 */
export class FontStore {
  readonly #folder: string;
  readonly #unpacked = new Map<string, Promise<string>>();
  #files: Promise<readonly FontFile[]> | undefined;

  /** @param folder for unpacked files, which are kept for the next start; it is created if it is missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Paths of the TrueType files that have the characters of a text.
   *
   * @throws Error if the folder cannot be written to
   */
  async filesFor(text: string): Promise<string[]> {
    this.#files ??= readFontFiles();
    const files = await this.#files;
    const needed = new Set<string>();
    for (const character of text) {
      const code = character.codePointAt(0)!;
      const file = files.find(({ ranges }) => ranges.some(([from, to]) => code >= from && code <= to));
      needed.add(file?.path ?? lastResort);
    }
    return Promise.all([...needed].map((path) => this.#unpackOnce(path)));
  }

  #unpackOnce(woff2Path: string): Promise<string> {
    const known = this.#unpacked.get(woff2Path);
    if (known) return known;
    const unpacking = this.#unpack(woff2Path);
    this.#unpacked.set(woff2Path, unpacking);
    // A failure is not cached, because the disk may have room next time.
    unpacking.catch(() => this.#unpacked.delete(woff2Path));
    return unpacking;
  }

  async #unpack(woff2Path: string): Promise<string> {
    const path = join(this.#folder, basename(woff2Path).replace('.woff2', '.ttf'));
    if (await exists(path)) return path;
    const trueType = await toTrueType(await readFile(woff2Path));
    await mkdir(this.#folder, { recursive: true });
    // Another process may be doing the same, so the file is written atomically.
    await writeFileAtomic(path, Buffer.from(trueType));
    return path;
  }
}

/**
 * Conversions run one at a time, because the result lies in WebAssembly memory that the next one overwrites or moves.
 */
const oneConversion = pLimit(1);

function toTrueType(woff2: Uint8Array): Promise<Uint8Array> {
  return oneConversion(async () => {
    const { default: decompress } = await import('wawoff2/decompress.js');
    return new Uint8Array(await decompress(woff2));
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readFontFiles(): Promise<readonly FontFile[]> {
  const lists = await Promise.all(
    fonts.map(async ({ ranges }) => {
      const folder = dirname(ranges);
      const byName = JSON.parse(await readFile(ranges, 'utf8')) as Record<string, string>;
      return Object.entries(byName).map(([name, text]) => ({
        // Numbered parts have brackets: "[4]" is noto-sans-sc-4-wght-normal.woff2.
        path: join(folder, 'files', `${basename(folder)}-${name.replace(/[[\]]/g, '')}-wght-normal.woff2`),
        ranges: text.split(',').map(parseRange),
      }));
    }),
  );
  return lists.flat();
}

/** "U+0460-052F" or "U+20B4" as first and last code point. */
function parseRange(text: string): readonly [from: number, to: number] {
  const [from, to] = text.trim().slice(2).split('-');
  return [parseInt(from!, 16), parseInt(to ?? from!, 16)];
}
