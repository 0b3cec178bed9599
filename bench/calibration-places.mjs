// Places for bench/calibration.mjs: sets of people who look alike, and households, cohorts and strangers drawn from one.
import { fileURLToPath } from 'node:url';

/** Imports a file of the built program. */
export const built = (path) => import(fileURLToPath(new URL(`../dist/src/${path}`, import.meta.url)));

const { euclideanDistance, l2Normalise } = await built('core/distance.js');

/** People of a place who have three photos or more, from whom households are drawn, and others. */
export const placeSizes = { 40: { enrollable: 10, others: 30 }, 80: { enrollable: 14, others: 66 } };
const strangersPerDraw = 15;
const mostPhotos = 4;

/** A repeatable source of numbers, 0 to 1 (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(list, random) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

/** The centre of each person's embeddings, of length 1. */
export function meanEmbeddings(vectors, photosOf) {
  return photosOf.map((photos) => {
    const mean = new Float32Array(vectors[0].length);
    for (const photo of photos) for (const [index, value] of vectors[photo].entries()) mean[index] += value;
    return l2Normalise(mean);
  });
}

/** Cosines of every two people, in standard deviations from their mean. */
export function similarityZ(means) {
  const rows = means.map((a) => Float32Array.from(means, (b) => a.reduce((sum, v, i) => sum + v * b[i], 0)));
  let [count, sum, squares] = [0, 0, 0];
  for (const [index, row] of rows.entries()) {
    for (const value of row.subarray(index + 1)) {
      count++;
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / count;
  const deviation = Math.sqrt(squares / count - mean * mean);
  return rows.map((row) => row.map((value) => (value - mean) / deviation));
}

/** Grows a place from one person, each time by whoever resembles everybody in it most, as other embedders see it. */
export function alikePlace(seed, size, similarities, photosOf) {
  const place = { enrollable: [], others: [] };
  const resemblance = new Float64Array(photosOf.length);
  const left = new Set(photosOf.keys());
  for (let next = seed; next !== undefined;) {
    (photosOf[next].length >= 3 ? place.enrollable : place.others).push(next);
    left.delete(next);
    for (const rows of similarities) for (const [index, z] of rows[next].entries()) resemblance[index] += z;
    next = undefined;
    for (const person of left) {
      const group = photosOf[person].length >= 3 ? 'enrollable' : 'others';
      const isWanted = place[group].length < size[group];
      if (isWanted && (next === undefined || resemblance[person] > resemblance[next])) next = person;
    }
  }
  return place;
}

/** A place of people who have nothing in common. */
export function randomPlace(seed, size, photosOf) {
  const everybody = shuffled(photosOf.keys(), randomFrom(seed));
  return {
    enrollable: everybody.filter((person) => photosOf[person].length >= 3).slice(0, size.enrollable),
    others: everybody.filter((person) => photosOf[person].length < 3).slice(0, size.others),
  };
}

/**
 * Draws households, and for each the strangers and a cohort, which have nobody in common.
 *
 * @returns `strangers` and `known`: the distance at which each photo gets a name, Infinity for a name that the margin
 * forbids or that is wrong; `cohort`: for each of its people the distances of one photo to those of each person enrolled
 */
export function* draws(place, household, seed, count, photosOf, vectors, leastMargin) {
  const random = randomFrom(seed + 1000);
  for (let draw = 0; draw < count; draw++) {
    const enrolled = shuffled(place.enrollable, random).slice(0, household.people);
    const photos = enrolled.map((person) => shuffled(photosOf[person], random));
    const gallery = photos.map((own) => own.slice(0, household.photos));
    const outside = [...place.enrollable, ...place.others].filter((person) => !enrolled.includes(person));
    const rest = shuffled(outside, random);
    const strangers = rest
      .slice(0, strangersPerDraw)
      .flatMap((person) => photosOf[person].slice(0, mostPhotos));
    const cohort = rest.slice(strangersPerDraw).map((person) => shuffled(photosOf[person], random)[0]);
    const known = photos.flatMap((own, index) =>
      own.slice(household.photos, household.photos + mostPhotos).map((photo) => ({ photo, index })),
    );
    yield {
      strangers: strangers.map((photo) => nameable(photo, gallery, vectors, leastMargin).distance),
      known: known.map(({ photo, index }) => {
        const { person, distance } = nameable(photo, gallery, vectors, leastMargin);
        return person === index ? distance : Infinity;
      }),
      cohort: cohort.map((photo) => distancesTo(photo, gallery, vectors)),
    };
  }
}

function distancesTo(photo, gallery, vectors) {
  return gallery.map((own) => own.map((enrolled) => euclideanDistance(vectors[photo], vectors[enrolled])));
}

/** The distance up to which a threshold would have to reach for a photo to be named, and whose name it would get. */
function nameable(photo, gallery, vectors, leastMargin) {
  const nearest = distancesTo(photo, gallery, vectors)
    .map((distances, person) => ({ person, distance: Math.min(...distances) }))
    .sort((a, b) => a.distance - b.distance);
  const [first, second] = nearest;
  const isClear = second === undefined || second.distance - first.distance >= leastMargin;
  return isClear ? first : { person: first.person, distance: Infinity };
}
