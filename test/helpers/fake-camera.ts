import { randomFillSync } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import { SightlineError } from '../../src/core/errors.js';
import type { Camera, CameraStatus, Picture, PictureVariant } from '../../src/pipeline/camera.js';

export interface FakeCameraOptions {
  readonly id?: string;
  readonly name?: string;
  readonly width?: number;
  readonly height?: number;
  /** Pictures of pure noise: about a byte a pixel, to fill lines. */
  readonly noise?: boolean;
}

interface Watcher {
  readonly variant: PictureVariant;
  readonly listener: (picture: Picture) => void;
}

/** Different pictures before they repeat. */
const PICTURES = 12;

/** A camera that shows real JPEGs: one at each `emit()`, or at a rate with `play()`. */
export class FakeCamera implements Camera {
  readonly #watchers = new Set<Watcher>();
  readonly #removalListeners = new Set<() => void>();
  readonly #encoded = new Map<string, Promise<Buffer>>();
  readonly #noise: boolean;
  #status: CameraStatus;

  constructor({
    id = 'door',
    name = 'Front door',
    width = 640,
    height = 360,
    noise = false,
  }: FakeCameraOptions = {}) {
    this.#noise = noise;
    this.#status = {
      id,
      name,
      state: 'online',
      since: Date.UTC(2026, 10, 1),
      source: 'test:',
      error: null,
      width,
      height,
      framesPerSecond: 0,
      detectionsPerSecond: 0,
      searching: 'active',
      overloaded: null,
      frames: 0,
      dropped: { pool: 0, encode: 0, search: 0, idle: 0, unmatched: 0 },
      detector: 'mediapipe',
      faces: 0,
    };
  }

  status(): CameraStatus {
    return this.#status;
  }

  /** Changes what the camera says of itself. */
  set(change: Partial<CameraStatus>): void {
    this.#status = { ...this.#status, ...change };
  }

  /** What each viewer now watching has asked for. */
  get watched(): readonly PictureVariant[] {
    return [...this.#watchers].map(({ variant }) => variant);
  }

  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void {
    const watcher = { variant, listener };
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  async latest(variant: PictureVariant): Promise<Picture> {
    if (this.#status.frames === 0) {
      throw new SightlineError('CAMERA_NO_FRAME', 'Expected a picture within 3 s but none came.');
    }
    return this.#picture(variant);
  }

  onRemoved(listener: () => void): () => void {
    this.#removalListeners.add(listener);
    return () => void this.#removalListeners.delete(listener);
  }

  /** Tells everybody who watches that the camera is gone. */
  remove(): void {
    for (const listener of [...this.#removalListeners]) listener();
  }

  /** Shows the next frame to everybody who watches. */
  async emit(): Promise<void> {
    // As with a real camera, others have their turn between two frames.
    await setImmediate();
    this.set({ frames: this.#status.frames + 1 });
    await Promise.all(
      [...this.#watchers].map(async (watcher) => {
        const picture = await this.#picture(watcher.variant);
        if (this.#watchers.has(watcher)) watcher.listener(picture);
      }),
    );
  }

  /** Shows frames at a rate until the returned function is called. */
  play(framesPerSecond: number): () => void {
    this.set({ framesPerSecond });
    const timer = setInterval(() => void this.emit(), 1000 / framesPerSecond);
    return () => {
      clearInterval(timer);
    };
  }

  async #picture(variant: PictureVariant): Promise<Picture> {
    const sequence = this.#status.frames;
    const width = variant.width ?? this.#status.width ?? 640;
    const key = [width, variant.overlay, sequence % PICTURES].join();
    let encoding = this.#encoded.get(key);
    if (encoding === undefined) {
      encoding = this.#noise ? this.#encodeNoise(width) : this.#encodeDrawing(width, variant.overlay);
      this.#encoded.set(key, encoding);
    }
    return { jpeg: await encoding, sequence, capturedAt: Date.now() };
  }

  #heightFor(width: number): number {
    const { width: ownWidth, height } = this.#status;
    return Math.round((width * (height ?? 360)) / (ownWidth ?? 640));
  }

  #encodeNoise(width: number): Promise<Buffer> {
    const raw = { width, height: this.#heightFor(width), channels: 3 } as const;
    const pixels = randomFillSync(Buffer.alloc(raw.width * raw.height * 3));
    return sharp(pixels, { raw }).jpeg({ quality: 90, optimiseCoding: false }).toBuffer();
  }

  /** A wall, a moving head, and a box about it as overlay. */
  #encodeDrawing(width: number, overlay: boolean): Promise<Buffer> {
    const { name, frames } = this.#status;
    const x = 200 + 20 * (frames % PICTURES);
    const box = overlay
      ? `<rect x="${x - 60}" y="90" width="120" height="150" fill="none" stroke="#34d399" stroke-width="4"/>`
      : '';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" width="${width}">
      <rect width="640" height="360" fill="#475569"/><rect y="270" width="640" height="90" fill="#1e293b"/>
      <ellipse cx="${x}" cy="165" rx="45" ry="60" fill="#eab308"/><rect x="${x - 70}" y="235" width="140" height="125" rx="40" fill="#7c3aed"/>
      ${box}<text x="20" y="40" font-family="sans-serif" font-size="24" fill="#fff">${name}</text></svg>`;
    return sharp(Buffer.from(svg))
      .resize(width, this.#heightFor(width), { fit: 'fill' })
      .jpeg({ optimiseCoding: false })
      .toBuffer();
  }
}
