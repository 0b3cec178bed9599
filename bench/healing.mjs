// How well the check of a gallery finds wrong photos: galleries of Labeled Faces in the Wild's view 1 with a tenth of their
// photos made wrong, kind by kind, and how many good photos it takes for wrong. Prints JSON.
// `node bench/healing.mjs FOLDER [EMBEDDER]`; FOLDER keeps the embeddings and is filled when it is empty.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { built } from './calibration-places.mjs';

const { findEmbedder } = await built('recognition/embedding/embedder-specs.js');
const { checkGallery } = await built('recognition/health/check-gallery.js');
const { qualityFloor, qualityScore } = await built('core/face-quality.js');
const { clopperPearson } = await built('training/evaluation/binomial-interval.js');
const { seededRandom, shuffled } = await built('training/random.js');

const images = '../shared/data/lfw-view1/images';
const leastPhotos = 3;
const mostPhotos = 7;
const wrongShare = 0.1;
const mostOfGroup = 3;
const galleries = [
  { people: 20, draws: 30 },
  { people: 100, draws: 6 },
];
const smears = {
  'blur σ 3': (picture) => picture.blur(3),
  'blur σ 4.5': (picture) => picture.blur(4.5),
  '60 px': (picture) => shrunk(picture, 60),
  '40 px': (picture) => shrunk(picture, 40),
  dark: (picture) => picture.linear(0.06, 0),
  'JPEG 3': async (picture) => sharp(await picture.jpeg({ quality: 3 }).toBuffer()),
};
const smearKinds = Object.keys(smears);
/** Each photo is smeared in this many ways, which take turns. */
const smearsPerPhoto = 2;

/** Ways to make photos of a gallery wrong. Each returns how many it made wrong: none when its draw does not fit. */
const kinds = {
  'photos of another person': (gallery) => {
    const [photo, to] = [gallery.draw(), gallery.drawOwner()];
    if (to === photo.personId || gallery.right(photo.personId).length <= leastPhotos) return 0;
    if (!gallery.holdsAgainst(to, 1)) return 0;
    return gallery.spoil(photo, { personId: to });
  },
  'photos of outsiders': (gallery) => {
    const photo = gallery.draw();
    if (!gallery.holdsAgainst(photo.personId, 0)) return 0;
    return gallery.spoil(photo, looksOf(gallery.takeOfOutsider(1)[0]));
  },
  'up to three photos of one wrong person': (gallery) => {
    const { personId } = gallery.draw();
    const own = gallery.right(personId);
    const most = Math.min(mostOfGroup, Math.ceil(gallery.photosOf(personId).length / 2) - 1);
    if (own.length < gallery.photosOf(personId).length) return 0;
    const wrong = gallery.takeOfOutsider(most);
    return wrong.reduce((sum, look, index) => sum + gallery.spoil(own[index], looksOf(look)), 0);
  },
  'swapped photos of two people': (gallery) => {
    const [one, two] = [gallery.draw(), gallery.draw()];
    if (one.personId === two.personId) return 0;
    if (!gallery.holdsAgainst(one.personId, 0) || !gallery.holdsAgainst(two.personId, 0)) return 0;
    const { personId } = one;
    return gallery.spoil(one, { personId: two.personId }) + gallery.spoil(two, { personId });
  },
  smears: (gallery) => {
    const photo = gallery.draw();
    const enrollable = photo.smears.filter(({ quality }) => quality >= qualityFloor);
    if (enrollable.length === 0 || !gallery.holdsAgainst(photo.personId, 0)) return 0;
    return gallery.spoil(photo, looksOf(gallery.one(enrollable)));
  },
  none: () => 1,
};

/** A gallery drawn from LFW's people, who are its outsiders when they are not in it. */
class DrawnGallery {
  photos = [];
  #outsiders;
  #random;
  #people;

  constructor(people, random) {
    this.#random = random;
    const drawn = shuffled([...known.keys()], random);
    this.#people = drawn.slice(0, people);
    this.#outsiders = drawn.slice(people).map((person) => shuffled(known.get(person), random));
    for (const personId of this.#people)
      for (const photo of shuffled(known.get(personId), random).slice(0, mostPhotos))
        this.photos.push({ ...photo, personId, isConfirmed: false, isWrong: false });
    for (const [index, photo] of this.photos.entries()) photo.faceId = String(index);
  }

  one(list) {
    return list[Math.floor(this.#random() * list.length)];
  }

  /** A photo that is not wrong yet. */
  draw() {
    return this.one(this.photos.filter(({ isWrong }) => !isWrong));
  }

  drawOwner() {
    return this.one(this.#people);
  }

  /** Photos of somebody who is not enrolled, at most so many, none of them taken before. */
  takeOfOutsider(most) {
    return this.one(this.#outsiders.filter((photos) => photos.length > 0)).splice(0, most);
  }

  photosOf(personId) {
    return this.photos.filter((photo) => photo.personId === personId);
  }

  right(personId) {
    return this.photosOf(personId).filter(({ isWrong }) => !isWrong);
  }

  /** Whether a person's right photos are still the majority with one more wrong, which is `added` or takes the place of a right one. */
  holdsAgainst(personId, added) {
    const [all, right] = [this.photosOf(personId).length + added, this.right(personId).length - (1 - added)];
    return right > all / 2;
  }

  spoil(photo, change) {
    Object.assign(photo, change, { isWrong: true });
    return 1;
  }

  nearest(vector) {
    const best = new Map();
    for (const photo of this.photos) {
      const cosine = photo.vector.reduce((sum, value, index) => sum + value * vector[index], 0);
      if (cosine > (best.get(photo.personId) ?? -2)) best.set(photo.personId, cosine);
    }
    const sorted = [...best].sort(([, a], [, b]) => b - a);
    return sorted.slice(0, 4).map(([personId]) => personId);
  }
}

const [folder, id = 'mobilefacenet+fr-feature'] = process.argv.slice(2);
if (folder === undefined) throw new Error('Expected a folder for the embeddings.');
const spec = findEmbedder(id);
const known = await readPhotos();
const results = {};
for (const { people, draws } of galleries) {
  for (const [kind, make] of Object.entries(kinds)) {
    const counts = { wrong: 0, found: 0, undecided: 0, good: 0, touched: 0, goodUndecided: 0 };
    const bySmear = {};
    for (let draw = 0; draw < draws; draw++)
      await measure(people, make, 1000 * people + draw, counts, bySmear);
    results[`${people} people, ${kind}`] = { ...shares(counts), ...(kind === 'smears' && { bySmear }) };
    process.stderr.write(`${people} people, ${kind}\n`);
  }
}
process.stdout.write(`${JSON.stringify({ embedder: id, results }, null, 2)}\n`);

async function measure(people, make, seed, counts, bySmear) {
  const gallery = new DrawnGallery(people, seededRandom(seed));
  const wanted = make === kinds.none ? 0 : Math.round(gallery.photos.length * wrongShare);
  for (let tries = 0, made = 0; made < wanted && tries < 1e5; tries++) made += make(gallery);
  const options = { spec, candidates: (vector) => Promise.resolve(gallery.nearest(vector)) };
  const { misfits, disagreements } = await checkGallery(gallery.photos, options);
  const found = new Set(misfits.map(({ photo }) => photo));
  const undecided = new Set(disagreements.flatMap(({ groups }) => groups.flat()));
  for (const photo of gallery.photos) {
    counts[photo.isWrong ? 'wrong' : 'good']++;
    if (found.has(photo)) counts[photo.isWrong ? 'found' : 'touched']++;
    if (undecided.has(photo)) counts[photo.isWrong ? 'undecided' : 'goodUndecided']++;
    if (!photo.isWrong || photo.smear === undefined) continue;
    const tally = (bySmear[photo.smear] ??= [0, 0]);
    tally[0] += found.has(photo) ? 1 : 0;
    tally[1]++;
  }
}

function shares({ wrong, found, undecided, good, touched, goodUndecided }) {
  const percent = (part, whole) => {
    const { low, high } = clopperPearson(part, whole);
    return `${part}/${whole} = ${rounded(part / whole)} % [${rounded(low)}, ${rounded(high)}]`;
  };
  return {
    ...(wrong > 0 && { recall: percent(found, wrong), undecided }),
    goodSetAside: percent(touched, good),
    goodUndecided,
  };
}

function rounded(share) {
  return (100 * share).toFixed(1);
}

function looksOf({ vector, quality, smear }) {
  return { vector, quality, smear };
}

async function shrunk(picture, width) {
  const small = await picture.resize(width, width).toBuffer();
  return sharp(small).resize(250, 250);
}

/** By person, with their smears. */
async function readPhotos() {
  const file = join(folder, `healing-${id}.json`);
  if (!existsSync(file)) await embedAll(file);
  const looks = JSON.parse(readFileSync(file, 'utf8'));
  const bytes = readFileSync(file.replace(/json$/, 'f32'));
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const people = new Map();
  for (const [index, look] of looks.entries()) {
    const vector = all.subarray(index * spec.dimension, (index + 1) * spec.dimension);
    const own = people.get(look.person) ?? [];
    people.set(look.person, own);
    if (look.smear === undefined) own.push({ vector, quality: look.quality, smears: [] });
    else own.at(-1).smears.push({ vector, quality: look.quality, smear: look.smear });
  }
  return people;
}

/** Embeds the photos of people with enough of them, each followed by its smears, with the landmarks of the sharp photo. */
async function embedAll(file) {
  const { createDetector } = await built('detection/create-detector.js');
  const { defaultCacheDir, ModelStore } = await built('models/model-store.js');
  const { cutFace } = await built('recognition/embedding/crop.js');
  const { PooledEmbedder } = await built('recognition/embedding/pooled-embedder.js');
  const { centralFace } = await built('recognition/enrolment/main-face.js');
  const models = new ModelStore({ cacheDir: defaultCacheDir() });
  const choice = { kind: 'mtcnn', range: 'full', threshold: null, minFaceSize: null };
  const detector = await createDetector(choice, models, () => undefined);
  const embedder = new PooledEmbedder({
    spec,
    networkPaths: await Promise.all(spec.networks.map((network) => models.ensure(network.id))),
    refinerPath: await models.ensure('mtcnn-onet'),
    ...{ projection: null, workers: 1, queueLimit: 16, executionProvider: 'cpu', threadsPerWorker: 1 },
  });
  const [looks, vectors] = [[], []];
  const embed = async (image, landmarks, about) => {
    const { status, embedding, quality } = await embedder.embed(cutFace(image, landmarks));
    if (status !== 'embedded') throw new Error(`Expected an embedding but received ${status}`);
    looks.push({ ...about, quality: qualityScore(quality) });
    vectors.push(Buffer.from(embedding.vector.buffer));
  };
  let turn = 0;
  for (const person of readdirSync(images).sort()) {
    const files = readdirSync(join(images, person)).sort();
    if (files.length < leastPhotos) continue;
    for (const photo of files) {
      const picture = sharp(join(images, person, photo));
      const image = await pixelsOf(picture);
      const face = centralFace(await detector.detect(image), image);
      if (face === undefined) continue;
      await embed(image, face.landmarks, { person, photo });
      for (let each = 0; each < smearsPerPhoto; each++) {
        const smear = smearKinds[turn++ % smearKinds.length];
        await embed(await pixelsOf(await smears[smear](picture.clone())), face.landmarks, {
          person,
          photo,
          smear,
        });
      }
    }
  }
  await Promise.all([detector.close(), embedder.close()]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file.replace(/json$/, 'f32'), Buffer.concat(vectors));
  writeFileSync(file, JSON.stringify(looks));
}

async function pixelsOf(picture) {
  const png = await picture.png().toBuffer();
  const decoded = sharp(png).removeAlpha().toColourspace('srgb').raw();
  const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
