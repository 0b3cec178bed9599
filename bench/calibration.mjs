// How often strangers who resemble the gallery are named, with thresholds calibrated on a few local people: households and
// cohorts drawn from neighbourhoods of Labeled Faces in the Wild, which other networks choose. Prints JSON.
// `node bench/calibration.mjs FOLDER [EMBEDDER]`; FOLDER keeps the embeddings and is filled when it is empty.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { built } from './calibration-places.mjs';
import {
  alikePlace,
  draws,
  meanEmbeddings,
  placeSizes,
  randomPlace,
  similarityZ,
} from './calibration-places.mjs';

const { findEmbedder } = await built('recognition/embedding/embedder-specs.js');
const { LocalImpostors } = await built('recognition/calibration/calibration.js');
const { rulesFor } = await built('recognition/decision/decision.js');
const { clopperPearson } = await built('training/evaluation/binomial-interval.js');

const images = '../shared/data/lfw-view1/images';
const networks = ['mobilefacenet', 'fr-feature', 'dlib'];
const embedders = ['mobilefacenet+fr-feature', ...networks];
const drawsPerPlace = 24;
const households = [
  { people: 2, photos: 1 },
  { people: 5, photos: 2 },
  { people: 10, photos: 3 },
];
const places = [
  { strangers: 'alike', size: 40, cohorts: [0, 3, 5, 10, 20] },
  { strangers: 'alike', size: 80, cohorts: [0, 20, 50] },
  { strangers: 'unlike', size: 80, cohorts: [0, 3, 5, 10, 20, 50] },
];
const falseNameRate = 1e-3;
/** Every eighth person starts a place. The rule was chosen on 60 places, of which 3 begin with one of these 121 people. */
const isSeed = (person) => person % 8 === 1;

const [folder, only] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected a folder for the embeddings.');
if (!existsSync(join(folder, 'photos.json'))) await embedAll();
const photos = JSON.parse(readFileSync(join(folder, 'photos.json'), 'utf8'));
const vectorsOf = Object.fromEntries(networks.map((id) => [id, readVectors(id)]));
const people = [...new Set(photos.map(({ person }) => person))];
const numberOf = new Map(people.map((name, number) => [name, number]));
const photosOf = people.map(() => []);
for (const [index, { person }] of photos.entries()) photosOf[numberOf.get(person)].push(index);

const similarity = Object.fromEntries(
  networks.map((id) => [id, similarityZ(meanEmbeddings(vectorsOf[id], photosOf))]),
);
const results = {};
for (const id of only ? [only] : embedders) {
  results[id] = {};
  const own = findEmbedder(id).networks.map((network) => network.id);
  const others = networks.filter((other) => !own.includes(other)).map((other) => similarity[other]);
  for (const place of places) {
    for (const household of households) {
      const name = `${household.people}x${household.photos}, ${place.size} ${place.strangers}`;
      if (household.people >= placeSizes[place.size].enrollable) continue;
      process.stderr.write(`${id} ${name} …\n`);
      results[id][name] = measure(id, household, place, others);
    }
  }
}
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);

/** Rates of every cohort, and of the best threshold of each place in hindsight. */
function measure(id, household, { strangers, size, cohorts }, others) {
  const spec = findEmbedder(id);
  const vectors = joined(spec);
  const galleryPhotos = household.people * household.photos;
  const settings = { threshold: null, falseNameRate };
  const tallies = new Map(cohorts.map((size) => [size, tally()]));
  const hindsight = tally();
  const alikeness = [];
  for (const seed of people.keys()) {
    if (!isSeed(seed)) continue;
    const place =
      strangers === 'alike'
        ? alikePlace(seed, placeSizes[size], others, photosOf)
        : randomPlace(seed, placeSizes[size], photosOf);
    const seen = [...draws(place, household, seed, drawsPerPlace, photosOf, vectors, spec.leastMargin)];
    const distances = seen.flatMap((draw) => draw.strangers).sort((a, b) => a - b);
    const best = distances[Math.round(distances.length * falseNameRate)] - 1e-9;
    for (const draw of seen) {
      count(hindsight, draw, best);
      for (const cohortSize of cohorts) {
        const impostors = new LocalImpostors(spec);
        for (const pairs of draw.cohort.slice(0, cohortSize)) impostors.add(pairs);
        const calibration = impostors.estimate();
        if (cohortSize === 20) alikeness.push(calibration.shift);
        count(
          tallies.get(cohortSize),
          draw,
          rulesFor(spec, { ...settings, calibration }, galleryPhotos).threshold,
        );
      }
    }
  }
  return {
    meanShift: Number((alikeness.reduce((sum, shift) => sum + shift, 0) / alikeness.length).toFixed(3)),
    hindsight: rates(hindsight),
    ...Object.fromEntries([...tallies].map(([size, counted]) => [`cohort ${size}`, rates(counted)])),
  };
}

function tally() {
  return { strangers: 0, named: 0, known: 0, right: 0, thresholds: 0, draws: 0 };
}

function count(counts, { strangers, known }, threshold) {
  counts.strangers += strangers.length;
  counts.named += strangers.filter((distance) => distance <= threshold).length;
  counts.known += known.length;
  counts.right += known.filter((distance) => distance <= threshold).length;
  counts.thresholds += threshold;
  counts.draws++;
}

function rates({ strangers, named, known, right, thresholds, draws: drawn }) {
  const { low, high } = clopperPearson(named, strangers);
  return {
    falseNamesPer1000: round((1000 * named) / strangers),
    interval: [round(1000 * low), round(1000 * high)],
    strangers,
    knownNamedPercent: round((100 * right) / known),
    meanThreshold: Number((thresholds / drawn).toFixed(3)),
  };
}

function round(value) {
  return Number(value.toFixed(2));
}

/** The embeddings of an embedder: its networks' joined, so that cosines are their weighted mean. */
function joined({ networks: parts }) {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  return photos.map((_, index) =>
    Float32Array.from(
      parts.flatMap(({ id, weight }) =>
        Array.from(vectorsOf[id][index], (value) => value * Math.sqrt(weight / total)),
      ),
    ),
  );
}

function readVectors(id) {
  const { dimension } = findEmbedder(id);
  const bytes = readFileSync(join(folder, `${id}.f32`));
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return photos.map((_, index) => all.subarray(index * dimension, (index + 1) * dimension));
}

/** Embeds every photo of LFW's development view as `evaluate lfw` does. */
async function embedAll() {
  const { createDetector } = await built('detection/create-detector.js');
  const { defaultCacheDir, ModelStore } = await built('models/model-store.js');
  const { cutFace, copyCrop } = await built('recognition/embedding/crop.js');
  const { PooledEmbedder } = await built('recognition/embedding/pooled-embedder.js');
  const { centralFace } = await built('recognition/enrolment/main-face.js');
  const models = new ModelStore({ cacheDir: defaultCacheDir() });
  const choice = { kind: 'mtcnn', range: 'full', threshold: null, minFaceSize: null };
  const detector = await createDetector(choice, models, () => undefined);
  const pool = {
    projection: null,
    workers: 1,
    queueLimit: 16,
    executionProvider: 'cpu',
    threadsPerWorker: 1,
  };
  const refinerPath = await models.ensure('mtcnn-onet');
  const open = async (id) =>
    new PooledEmbedder({
      ...pool,
      spec: findEmbedder(id),
      networkPaths: [await models.ensure(id)],
      refinerPath,
    });
  const running = await Promise.all(networks.map(open));
  const [kept, vectors] = [[], networks.map(() => [])];
  for (const person of readdirSync(images).sort()) {
    for (const file of readdirSync(join(images, person)).sort()) {
      const decoded = sharp(join(images, person, file))
        .removeAlpha()
        .toColourspace('srgb')
        .raw();
      const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
      const image = { width: info.width, height: info.height, data: new Uint8Array(data) };
      const face = centralFace(await detector.detect(image), image);
      const crop = face && cutFace(image, face.landmarks);
      if (!crop) continue;
      const embedded = await Promise.all(running.map((embedder) => embedder.embed(copyCrop(crop))));
      for (const [index, { embedding }] of embedded.entries()) vectors[index].push(embedding.vector);
      kept.push({ person, photo: `${person}/${file}` });
    }
  }
  await Promise.all([detector, ...running].map((one) => one.close()));
  mkdirSync(folder, { recursive: true });
  for (const [index, id] of networks.entries())
    writeFileSync(join(folder, `${id}.f32`), Buffer.concat(vectors[index].map((v) => Buffer.from(v.buffer))));
  writeFileSync(join(folder, 'photos.json'), JSON.stringify(kept));
}
