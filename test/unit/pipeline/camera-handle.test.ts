import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CameraStatus, CameraView, Picture, PictureVariant } from '../../../src/pipeline/camera.js';
import { CameraHandle } from '../../../src/pipeline/camera-handle.js';

const plain: PictureVariant = { width: null, overlay: false };
const small: PictureVariant = { width: 32, overlay: true };

/** One run of a camera that shows what it is told to. */
class FakeView implements CameraView {
  readonly watchers = new Map<(picture: Picture) => void, PictureVariant>();
  readonly #state: CameraStatus['state'];

  constructor(state: CameraStatus['state'] = 'online') {
    this.#state = state;
  }

  status(): CameraStatus {
    return { id: 'door', state: this.#state } as CameraStatus;
  }

  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void {
    this.watchers.set(listener, variant);
    return () => void this.watchers.delete(listener);
  }

  show(sequence: number): void {
    for (const listener of [...this.watchers.keys()])
      listener({ jpeg: Buffer.alloc(0), sequence, capturedAt: 0 });
  }
}

let view: FakeView;
let errors: unknown[];
let camera: CameraHandle;

beforeEach(() => {
  view = new FakeView();
  errors = [];
  camera = new CameraHandle(view, (error) => void errors.push(error));
});
afterEach(() => void vi.useRealTimers());

describe('CameraHandle', () => {
  it('shows the pictures and the status of the run there is', () => {
    const seen: number[] = [];
    camera.watch(plain, ({ sequence }) => void seen.push(sequence));
    view.show(1);
    const next = new FakeView('offline');
    camera.use(next);
    view.show(2);
    next.show(3);
    expect([seen, camera.status().state]).toEqual([[1, 3], 'offline']);
  });

  it('takes everybody who watches over to the next run, with what they want, and nobody who has left', () => {
    camera.watch(small, () => undefined);
    const stop = camera.watch(plain, () => undefined);
    const leaver = camera.watch(plain, () => undefined);
    leaver();
    const next = new FakeView();
    camera.use(next);
    expect([view.watchers.size, [...next.watchers.values()]]).toEqual([0, [small, plain]]);
    stop();
    expect([...next.watchers.values()]).toEqual([small]);
  });

  it('gives the newest picture, and watches no longer than that', async () => {
    const latest = camera.latest(small);
    expect([...view.watchers.values()]).toEqual([small]);
    view.show(7);
    view.show(8);
    expect(await latest).toMatchObject({ sequence: 7 });
    expect(view.watchers.size).toBe(0);
  });

  it('waits for the newest picture across runs', async () => {
    const latest = camera.latest(plain);
    const next = new FakeView();
    camera.use(next);
    next.show(9);
    expect(await latest).toMatchObject({ sequence: 9 });
  });

  it('says when there is no picture within three seconds, and stops watching', async () => {
    vi.useFakeTimers();
    camera.use(new FakeView('offline'));
    const latest = expect(camera.latest(plain)).rejects.toMatchObject({
      code: 'CAMERA_NO_FRAME',
      message: expect.stringContaining('offline') as string,
    });
    await vi.advanceTimersByTimeAsync(8000);
    await latest;
    expect(view.watchers.size).toBe(0);
  });

  it('tells everybody once that it was removed, whatever one of them throws', () => {
    const heard: string[] = [];
    camera.onRemoved(() => {
      throw new Error('broken');
    });
    camera.onRemoved(() => void heard.push('second'));
    const stop = camera.onRemoved(() => void heard.push('left'));
    stop();
    camera.remove();
    camera.remove();
    expect([heard, errors]).toEqual([['second'], [new Error('broken')]]);
  });
});
