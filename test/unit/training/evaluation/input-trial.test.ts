import { describe, expect, it } from 'vitest';
import type { NetworkInput } from '../../../../src/models/network-input.js';
import { tryInputs, type TrialFace } from '../../../../src/training/evaluation/input-trial.js';
import { seededRandom } from '../../../../src/training/random.js';

const right: NetworkInput = {
  ...{ side: 112, color: 'rgb', template: 'arcface-112' },
  ...{ mean: [127.5, 127.5, 127.5], std: [128, 128, 128] },
};
const people = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'c', 'c'];
const faces: TrialFace[] = people.map((person, index) => ({ photo: String(index), person }));

/** A network that tells people apart the worse, the more of its input is wrong. */
function networkOf(expected: NetworkInput) {
  return (input: NetworkInput): Promise<Float32Array[]> => {
    const options = ['side', 'color', 'mean', 'template'] as const;
    const wrong = options.filter((option) => String(input[option]) !== String(expected[option])).length;
    const random = seededRandom(3);
    return Promise.resolve(
      people.map((person) =>
        Float32Array.from({ length: 32 }, (_, index) => {
          const own = Math.sin((person.charCodeAt(0) - 96) * 7 * (index + 1));
          return own + (0.2 + 0.4 * wrong) * (random() - 0.5);
        }),
      ),
    );
  };
}

describe('tryInputs', () => {
  it('finds nothing wrong with what the network expects', async () => {
    const outcome = await tryInputs(faces, right, false, networkOf(right));
    expect(outcome).toMatchObject({ better: null, objection: null });
    expect(outcome.stated.separation).toBeGreaterThan(3);
  });

  it.each<[Partial<NetworkInput>, string]>([
    [{ color: 'bgr' }, '--color rgb'],
    [{ mean: [0, 0, 0] }, '--mean 127.5 --std 127.5'],
    [{ template: 'dlib-150' }, '--template arcface-112'],
  ])('names what suits the network better than %o', async (change, option) => {
    const { objection, better } = await tryInputs(faces, { ...right, ...change }, false, networkOf(right));
    expect(objection).toMatch(new RegExp(`did you mean ${option}\\?$`));
    expect(objection).toMatch(/better: \d+\.\d\d against \d+\.\d\d/);
    expect(better).not.toBeNull();
  });

  it('names two things that are wrong together', async () => {
    const stated: NetworkInput = { ...right, color: 'bgr', template: 'box-160' };
    const { objection } = await tryInputs(faces, stated, false, networkOf(right));
    expect(objection).toContain('did you mean --color rgb --template arcface-112?');
  });

  it('tries other sides only where the network takes any', async () => {
    const stated = { ...right, side: 160 };
    const open = await tryInputs(faces, stated, true, networkOf(right));
    expect(open.objection).toContain('did you mean --size 112?');
    const fixed = await tryInputs(faces, stated, false, networkOf({ ...right, side: 160 }));
    expect(fixed.objection).toBeNull();
  });

  it.each<[string, (index: number) => Float32Array, RegExp]>([
    ['NaN', () => Float32Array.of(1, NaN), /finite outputs but received NaN/],
    ['only zeros', () => new Float32Array(2), /only zeros/],
    ['the same for everybody', () => Float32Array.of(1, 2), /different people but received the same/],
    [
      'chance',
      (index) => Float32Array.from({ length: 16 }, (_, at) => Math.sin(99 * (index + 1) * (at + 2))),
      /tells people apart .* but received -?\d\.\d\d at best, whatever it was fed/,
    ],
  ])('objects to outputs of %s', async (_, output, message) => {
    const embed = (): Promise<Float32Array[]> => Promise.resolve(faces.map((__, index) => output(index)));
    const { objection, better } = await tryInputs(faces, right, false, embed);
    expect(objection).toMatch(message);
    expect(better).toBeNull();
  });

  it('does not compare people of whom nobody knows whether they are one', async () => {
    const unknown = faces.map((face) => (face.person === 'b' ? { ...face, person: null } : face));
    const outcome = await tryInputs(unknown, right, false, networkOf(right));
    expect(outcome.objection).toBeNull();
  });
});
