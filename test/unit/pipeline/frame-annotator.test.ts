import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabelCache } from '../../../src/annotate/label-cache.js';
import type { FaceOverlay } from '../../../src/annotate/overlay.js';
import type { Picture, PictureVariant } from '../../../src/pipeline/camera.js';
import { FrameAnnotator, type FrameAnnotatorOptions } from '../../../src/pipeline/frame-annotator.js';
import { CountedFrame } from './fakes.js';

const plain: PictureVariant = { width: null, overlay: false };
const annotated: PictureVariant = { width: null, overlay: true };
const small: PictureVariant = { width: 32, overlay: false };
const box: FaceOverlay = { box: { x: 8, y: 8, width: 40, height: 20 }, label: '', tone: 'known' };

let errors: unknown[];
let encoded: number[];
let watched: boolean[];
let dropped: number;
let annotator: FrameAnnotator;

function annotatorWith(options: Partial<FrameAnnotatorOptions> = {}): FrameAnnotator {
  return new FrameAnnotator({
    jpegQuality: 90,
    // Boxes without labels: no font is ever unpacked.
    labels: new LabelCache({ fontsDir: '', onError: (error) => void errors.push(error) }),
    onWatched: (isWatched) => void watched.push(isWatched),
    overlays: () => [box],
    onEncoded: (frame) => void encoded.push(frame.sequence),
    onDropped: () => dropped++,
    onError: (error) => void errors.push(error),
    ...options,
  });
}

beforeEach(() => {
  [errors, encoded, watched, dropped] = [[], [], [], 0];
  annotator = annotatorWith();
});
afterEach(() => annotator.close());

/** The next picture of a variant. */
function next(variant: PictureVariant): Promise<Picture> {
  return new Promise((resolve) => {
    const stop = annotator.watch(variant, (picture) => {
      stop();
      resolve(picture);
    });
  });
}

const sizeOf = async ({ jpeg }: Picture) => {
  const { width, height } = await sharp(jpeg).metadata();
  return [width, height];
};

describe('FrameAnnotator', () => {
  it('encodes nothing while nobody watches, and lets go of the frame at once', () => {
    const frame = new CountedFrame(1);
    annotator.offer(frame);
    expect([frame.owners, encoded]).toEqual([0, []]);
  });

  it('gives each viewer the variant wanted, made once for all who want it', async () => {
    const frame = new CountedFrame(1);
    const pictures = Promise.all([next(plain), next(plain), next(annotated), next(small)]);
    annotator.offer(frame);
    const [first, second, drawn, scaled] = await pictures;
    expect(first).toBe(second);
    expect(first).toMatchObject({ sequence: 1, capturedAt: frame.capturedAt });
    expect(await Promise.all([first, drawn, scaled].map(sizeOf))).toEqual([
      [64, 36],
      [64, 36],
      [32, 18],
    ]);
    expect(first.jpeg.equals(drawn.jpeg)).toBe(false);
    await annotator.close();
    expect([frame.owners, encoded]).toEqual([0, [1]]);
  });

  it('never makes a picture larger than the frame', async () => {
    const picture = next({ width: 1000, overlay: true });
    annotator.offer(new CountedFrame(1));
    expect(await sizeOf(await picture)).toEqual([64, 36]);
  });

  it('draws on a copy: the frame stays as it is', async () => {
    const [frame, before] = [new CountedFrame(1), new CountedFrame(1).data];
    const picture = next(annotated);
    annotator.offer(frame);
    await picture;
    expect(Buffer.compare(frame.data, before)).toBe(0);
  });

  it('encodes the newest frame, and counts and lets go of those that gave way to it', async () => {
    const frames = [1, 2, 3].map((time) => new CountedFrame(time));
    const picture = next(plain);
    for (const frame of frames) annotator.offer(frame);
    expect([frames.map(({ owners }) => owners), dropped]).toEqual([[0, 0, 1], 2]);
    expect(await picture).toMatchObject({ sequence: 3 });
    await annotator.close();
    expect([frames[2]?.owners, encoded]).toEqual([0, [3]]);
  });

  it('has room for one frame while another is being encoded', async () => {
    const frames = [1, 2, 3].map((time) => new CountedFrame(time));
    const seen: number[] = [];
    await new Promise<void>((resolve) => {
      annotator.watch(plain, ({ sequence }) => {
        seen.push(sequence);
        if (sequence === 1) for (const frame of frames.slice(1)) annotator.offer(frame);
        if (sequence === 3) resolve();
      });
      annotator.offer(frames[0]!);
    });
    await annotator.close();
    expect([seen, dropped, frames.map(({ owners }) => owners)]).toEqual([[1, 3], 1, [0, 0, 0]]);
  });

  it('gives the others their pictures when a viewer throws', async () => {
    annotator.watch(plain, () => {
      throw new Error('broken viewer');
    });
    const pictures = Promise.all([next(plain), next(small)]);
    const frame = new CountedFrame(1);
    annotator.offer(frame);
    expect((await pictures).map(({ sequence }) => sequence)).toEqual([1, 1]);
    await annotator.close();
    expect([errors, frame.owners, encoded]).toEqual([[new Error('broken viewer')], 0, [1]]);
  });

  it('makes the other variants when one cannot be made', async () => {
    annotator.watch({ width: -1, overlay: false }, () => undefined);
    const picture = next(plain);
    annotator.offer(new CountedFrame(1));
    expect(await picture).toMatchObject({ sequence: 1 });
    await annotator.close();
    expect([errors.length, encoded]).toEqual([1, [1]]);
  });

  it('goes on with the next frame after one that could not be drawn on', async () => {
    let calls = 0;
    annotator = annotatorWith({
      overlays: () => {
        if (calls++ === 0) throw new Error('no overlays');
        return [];
      },
    });
    const picture = next(annotated);
    const [broken, good] = [new CountedFrame(1), new CountedFrame(2)];
    annotator.offer(broken);
    // The next frame comes when the first is done with.
    await expect.poll(() => broken.owners).toBe(0);
    annotator.offer(good);
    expect(await picture).toMatchObject({ sequence: 2 });
    expect([errors, encoded]).toEqual([[new Error('no overlays')], [2]]);
  });

  it('gives a viewer nothing more once it has left', async () => {
    const seen: number[] = [];
    const stop = annotator.watch(plain, ({ sequence }) => void seen.push(sequence));
    const first = next(plain);
    annotator.offer(new CountedFrame(1));
    await first;
    stop();
    stop();
    const second = next(plain);
    annotator.offer(new CountedFrame(2));
    await second;
    expect(seen).toEqual([1]);
  });

  it('tells when the first viewer comes and when the last has gone, once each', async () => {
    const [first, second] = [
      annotator.watch(plain, () => undefined),
      annotator.watch(small, () => undefined),
    ];
    first();
    expect(watched).toEqual([true]);
    second();
    second();
    expect(watched).toEqual([true, false]);
    annotator.watch(plain, () => undefined);
    await annotator.close();
    expect(watched).toEqual([true, false, true, false]);
  });

  it('lets go of the frame that waits when it is closed, and of those that come after', async () => {
    const [waiting, late] = [new CountedFrame(1), new CountedFrame(2)];
    annotator.watch(plain, () => undefined);
    annotator.offer(waiting);
    await annotator.close();
    annotator.offer(late);
    expect([waiting.owners, late.owners, encoded]).toEqual([0, 0, []]);
  });
});
