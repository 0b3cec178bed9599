import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import { checkGallery, type GalleryFindings } from '../../../../src/recognition/health/check-gallery.js';
import type { CheckedPhoto } from '../../../../src/recognition/health/photo-groups.js';
import { seededRandom } from '../../../../src/training/random.js';

const spec = findEmbedder('mobilefacenet');
const random = seededRandom(7);

function direction(): Float32Array {
  // The sum of twelve uniform numbers is nearly normal, so that no direction is preferred.
  const normal = (): number => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
  return l2Normalise(Float32Array.from({ length: spec.dimension }, normal));
}

const faces = new Map<string, Float32Array>();

/** A photo under one name of somebody's face; two of one face have a cosine of about .75. */
function photo(personId: string, faceOf = personId, change: Partial<CheckedPhoto> = {}): CheckedPhoto {
  const face = faces.get(faceOf) ?? direction();
  faces.set(faceOf, face);
  const noise = direction();
  const vector = l2Normalise(face.map((value, index) => value * 0.866 + noise[index]! * 0.5));
  return {
    faceId: `${personId}/${faceOf}/${random()}`,
    personId,
    quality: 0.9,
    isConfirmed: false,
    vector,
    ...change,
  };
}

const photos = (count: number, personId: string, faceOf = personId): CheckedPhoto[] =>
  Array.from({ length: count }, () => photo(personId, faceOf));

/** Ten people with four photos each. */
const household = Array.from({ length: 10 }, (_, index) => photos(4, `person ${index}`)).flat();

async function check(all: readonly CheckedPhoto[]): Promise<GalleryFindings> {
  const candidates = (vector: Float32Array): Promise<string[]> => {
    const sorted = all.toSorted(
      (a, b) => euclideanDistance(a.vector, vector) - euclideanDistance(b.vector, vector),
    );
    return Promise.resolve([...new Set(sorted.map(({ personId }) => personId))].slice(0, 4));
  };
  return checkGallery(all, { spec, candidates });
}

/** The faces of the photos found, with the reason. */
function found({ misfits }: GalleryFindings): string[] {
  return misfits.map(
    ({ photo: { faceId }, reason }) => `${faceId.split('/').slice(0, 2).join(' shows ')}: ${reason}`,
  );
}

describe('checkGallery', () => {
  it('leaves a good gallery alone', async () => {
    expect(await check(household)).toEqual({ misfits: [], disagreements: [], sameFaces: [] });
    expect(await check([])).toEqual({ misfits: [], disagreements: [], sameFaces: [] });
  });

  it('finds a photo of another person and one of an outsider', async () => {
    const wrong = [photo('person 0', 'person 1'), photo('person 2', 'outsider')];
    const findings = await check([...household, ...wrong]);
    expect(found(findings)).toEqual([
      'person 0 shows person 1: looks-like-other',
      'person 2 shows outsider: unlike-own',
    ]);
    expect(findings.misfits[0]!.other).toMatchObject({ personId: 'person 1' });
    expect(findings.misfits[0]!.other!.distance).toBeLessThan(0.9);
    expect(findings.misfits[0]!.ownDistance).toBeGreaterThan(1.2);
  });

  it('finds several photos of one wrong person, and swapped photos of two people', async () => {
    const crowd = photos(2, 'person 3', 'outsider');
    expect(found(await check([...household, ...crowd]))).toEqual(
      Array(2).fill('person 3 shows outsider: unlike-own'),
    );
    const swapped = [photo('person 4', 'person 5'), photo('person 5', 'person 4')];
    expect(found(await check([...household, ...swapped]))).toEqual([
      'person 4 shows person 5: looks-like-other',
      'person 5 shows person 4: looks-like-other',
    ]);
  });

  it('takes a large share that looks like nobody else for the person at another age, and only tells', async () => {
    const young = photos(3, 'person 3', 'person 3 as a child');
    const { misfits, disagreements } = await check([...household, ...young]);
    expect(misfits).toEqual([]);
    expect(disagreements).toMatchObject([{ personId: 'person 3' }]);
    // The same share is wrong where it resembles somebody else.
    expect(found(await check([...household, ...photos(3, 'person 3', 'person 4')]))).toHaveLength(3);
  });

  it('sets no majority aside: it tells whose photos disagree', async () => {
    const torn = photos(4, 'person 6', 'outsider');
    const { misfits, disagreements } = await check([...household, ...torn]);
    expect(misfits).toEqual([]);
    expect(disagreements).toHaveLength(1);
    expect(disagreements[0]).toMatchObject({ personId: 'person 6' });
    expect(disagreements[0]!.groups.map(({ length }) => length)).toEqual([4, 4]);
  });

  it('decides between two photos by whom else they resemble, and otherwise does not', async () => {
    const two = [photo('new'), photo('new', 'person 7')];
    expect(found(await check([...household, ...two]))).toEqual(['new shows person 7: looks-like-other']);
    const { misfits, disagreements } = await check([...household, photo('new'), photo('new', 'outsider')]);
    expect(misfits).toEqual([]);
    expect(disagreements.map(({ personId }) => personId)).toEqual(['new']);
  });

  it('never sets aside somebody’s only photo: it tells that two names have one face', async () => {
    const { misfits, sameFaces } = await check([...household, photo('other name', 'person 8')]);
    expect(misfits).toEqual([]);
    expect(sameFaces.map(({ personIds }) => personIds)).toEqual([['other name', 'person 8']]);
  });

  it('leaves alone the photos of twins, some of which are nearer to the other one', async () => {
    // Everybody has photos with and without glasses; those of the first twin without them look most like the second.
    const worn = (name: string, face: string, glasses: Float32Array): CheckedPhoto => {
      const { vector, ...rest } = photo(name, face);
      return { ...rest, vector: l2Normalise(vector.map((value, index) => value + glasses[index]! * 0.5)) };
    };
    const [on, off] = [direction(), direction()];
    const others = Array.from({ length: 10 }, (_, index) =>
      [on, on, off, off].map((glasses) => worn(`other ${index}`, `face ${index}`, glasses)),
    );
    const twins = [
      ...[on, on, off].map((glasses) => worn('first twin', 'twins', glasses)),
      ...[off, off, on].map((glasses) => worn('second twin', 'twins', glasses)),
    ];
    const { misfits, sameFaces } = await check([...others.flat(), ...twins]);
    expect(sameFaces.map(({ personIds }) => personIds)).toEqual([['first twin', 'second twin']]);
    expect(misfits).toEqual([]);
  });

  it('leaves alone what somebody confirmed, and what resembles it', async () => {
    const disguised = [photo('person 9', 'disguise', { isConfirmed: true }), photo('person 9', 'disguise')];
    expect((await check([...household, ...disguised])).misfits).toEqual([]);
  });

  it('finds a smear of somebody who has better photos, and not somebody’s best photos', async () => {
    const smear = photo('person 1', 'person 1', { quality: 0.15 });
    expect(found(await check([...household, smear]))).toEqual(['person 1 shows person 1: poor']);
    const fair = photo('person 1', 'person 1', { quality: 0.4 });
    const allPoor = photos(3, 'poor').map((each) => ({ ...each, quality: 0.15 }));
    expect((await check([...household, fair, ...allPoor])).misfits).toEqual([]);
  });

  it('lets other work go on between searches', async () => {
    const [searches, isDone] = [[0], new AbortController()];
    const countSearches = (): void => {
      searches.push(0);
      if (!isDone.signal.aborted) setImmediate(countSearches);
    };
    setImmediate(countSearches);
    const candidates = (): Promise<string[]> => {
      searches[searches.length - 1]!++;
      return Promise.resolve(['person 0']);
    };
    await checkGallery(household, { spec, candidates });
    isDone.abort();
    expect(searches.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(household.length);
    expect(Math.max(...searches)).toBe(1);
  });

  it('judges more photos than it groups', async () => {
    const many = [...household, ...photos(230, 'many'), photo('many', 'outsider', { quality: 0.6 })];
    expect(found(await check(many))).toEqual(['many shows outsider: unlike-own']);
  });
});
