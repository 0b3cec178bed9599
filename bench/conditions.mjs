// How many strangers are named and how many enrolled people are not when faces are seen in grey, in the dark, blurred, small or
// compressed: degraded photos of LFW's development view, judged by `sightline evaluate openset`. Prints a table.
// `node bench/conditions.mjs IMAGES [EMBEDDER]`, IMAGES a folder with a folder of photos for each person
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';

/** People with at least so many photos may be enrolled, with the first `enrolled` of them. */
const leastPhotos = 4;
const enrolled = 2;
/** How many people are enrolled. */
const household = 20;
/** Of how many other people one is a stranger. */
const strangersOf = 3;

/** What becomes of a photo of 250×250 pixels, on which eyes are about 42 pixels apart. */
const conditions = {
  untouched: (photo) => photo,
  'grey, as infrared is': (photo) => photo.greyscale().linear(1.3, -40).toColourspace('srgb'),
  'dark: a tenth of the light': (photo) => photo.linear(0.1, 0),
  'blurred by 3 pixels': (photo) => photo.blur(3),
  'small: eyes 12 pixels apart': (photo) => photo.resize(71),
  'small: eyes 8 pixels apart': (photo) => photo.resize(48),
  'JPEG of quality 10': (photo) => photo,
};

const [images, embedder = null] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'sightline-conditions-'));
try {
  const people = readdirSync(images).sort();
  const photosOf = (person) => readdirSync(join(images, person)).sort();
  const known = people.filter((person) => photosOf(person).length >= leastPhotos).slice(0, household);
  const others = people.filter((person) => !known.includes(person));
  const strangers = others.filter((_, at) => at % strangersOf === 0);
  for (const person of known)
    for (const photo of photosOf(person).slice(0, enrolled))
      await copyFile(join(images, person, photo), join(place('gallery', person), photo));
  for (const name of Object.keys(conditions)) {
    for (const person of known)
      for (const photo of photosOf(person).slice(enrolled))
        await degrade(join(images, person, photo), place('known', name, person), name);
    // One photo of each, so that searches are independent.
    for (const person of strangers)
      await degrade(join(images, person, photosOf(person)[0]), place('strangers', name), name);
  }
  const cli = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));
  const folders = ['gallery', 'known', 'strangers'].flatMap((part) => [`--${part}`, join(folder, part)]);
  const args = ['evaluate', 'openset', ...folders, '--groups', ...(embedder ? ['--embedder', embedder] : [])];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args]);
  process.stdout.write(stderr + stdout);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function place(...path) {
  const into = join(folder, ...path);
  mkdirSync(into, { recursive: true });
  return into;
}

async function degrade(from, into, name) {
  const changed = await conditions[name](sharp(from))
    .jpeg({ quality: name.startsWith('JPEG') ? 10 : 95 })
    .toBuffer();
  await sharp(changed)
    .jpeg({ quality: 100 })
    .toFile(join(into, basename(from)));
}
