import { describe, expect, it } from 'vitest';
import { requireEnough, withoutCopies, type TrainingPhoto } from '../../../src/training/training-set.js';

function photo(person: string, number: number, pixelHash = `${person}${number}`): TrainingPhoto {
  return { person, path: `${person}/${number}.jpg`, vector: Float32Array.of(1), pixelHash };
}

describe('withoutCopies', () => {
  it('keeps the first of copies, and says which were left out', () => {
    const photos = [photo('a', 1), photo('a', 2, 'a1'), photo('b', 1)];
    expect(withoutCopies(photos)).toEqual({
      kept: [photos[0], photos[2]],
      copies: [{ photo: photos[1], of: photos[0] }],
    });
  });

  it('refuses one photo under two names, naming both', () => {
    expect(() => withoutCopies([photo('a', 1), photo('b', 2, 'a1')])).toThrow(
      expect.objectContaining({
        code: 'TRAINING_DATA_CONFLICT',
        message: expect.stringMatching(/a \(a\/1\.jpg\).*b \(b\/2\.jpg\)/) as string,
      }),
    );
  });
});

describe('requireEnough', () => {
  const people = (count: number, photos: number) =>
    Array.from({ length: count * photos }, (_, index) =>
      photo(`p${index % count}`, Math.floor(index / count)),
    );

  it.each([
    ['one person', people(1, 20), 'classifier', /at least 3 people with 2 or more.*received 1 \(of 1 people/],
    ['one photo a person', people(20, 1), 'projection', /at least 3 people.*received 0 \(of 20 people/],
    ['five people', people(5, 10), 'siamese', /at least 6 people.*received 5/],
    ['nothing', [], 'classifier', /received 0 \(of 0 people with 0 usable photos/],
  ] as const)('refuses %s', (_, photos, kind, message) => {
    expect(() => requireEnough(kind, photos)).toThrow(
      expect.objectContaining({
        code: 'TRAINING_DATA_INSUFFICIENT',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  it('is content with the least', () => {
    expect(() => requireEnough('classifier', people(3, 2))).not.toThrow();
    expect(() => requireEnough('siamese', people(6, 2))).not.toThrow();
  });
});
