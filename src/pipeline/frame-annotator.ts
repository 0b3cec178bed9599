import type { Frame, RgbImage } from '../core/image.js';
import { encodeJpeg, resizeToRgb, wholeInRgb } from '../annotate/encode.js';
import { drawOverlay, prepareLabels, type FaceOverlay } from '../annotate/overlay.js';
import type { LabelCache } from '../annotate/label-cache.js';
import type { Picture, PictureVariant } from './camera.js';

export interface FrameAnnotatorOptions {
  readonly jpegQuality: number;
  readonly labels: LabelCache;
  /** Called when the first viewer comes, and when the last one has gone. */
  readonly onWatched: (isWatched: boolean) => void;
  /** The faces to draw on a frame, in its pixels; asked for just before drawing. */
  readonly overlays: (frame: Frame) => readonly FaceOverlay[];
  /** Called for each frame that was encoded, and for each that was replaced by a newer one. */
  readonly onEncoded: (frame: Frame) => void;
  readonly onDropped: () => void;
  /** Called for each picture that could not be made and each error of a viewer. Other viewers are not affected. */
  readonly onError: (error: unknown) => void;
}

interface Watchers {
  readonly variant: PictureVariant;
  readonly listeners: Set<(picture: Picture) => void>;
}

/**
 * Turns frames into JPEGs for viewers: once per variant, and not at all when nobody watches. While one frame is being
 * encoded one more may wait; a newer frame replaces it.
 */
export class FrameAnnotator {
  readonly #options: FrameAnnotatorOptions;
  readonly #watchers = new Map<string, Watchers>();
  #waiting: Frame | undefined;
  #encoding: Promise<void> | undefined;
  #closed = false;
  #watched = false;
  #canvas = new Uint8Array(0);

  constructor(options: FrameAnnotatorOptions) {
    this.#options = options;
  }

  /** Calls `listener` with each picture of this variant until the returned function is called. */
  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void {
    const key = `${variant.width ?? 'own'} ${variant.overlay}`;
    const watchers = this.#watchers.get(key) ?? { variant, listeners: new Set() };
    this.#watchers.set(key, watchers);
    watchers.listeners.add(listener);
    this.#tellWatched();
    return () => {
      watchers.listeners.delete(listener);
      if (watchers.listeners.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
      this.#tellWatched();
    };
  }

  /** Takes ownership of one reference to `frame` and releases it when done. */
  offer(frame: Frame): void {
    if (this.#watchers.size === 0 || this.#closed) return frame.release();
    if (this.#waiting !== undefined) {
      this.#waiting.release();
      this.#options.onDropped();
    }
    this.#waiting = frame;
    // In a later turn, so that a detection that finishes in this turn is drawn.
    if (this.#encoding === undefined) setImmediate(() => this.#encodeWaiting());
  }

  /** Resolves when the current picture is finished. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.clear();
    this.#tellWatched();
    this.#take()?.release();
    await this.#encoding;
  }

  #tellWatched(): void {
    const isWatched = this.#watchers.size > 0 && !this.#closed;
    if (isWatched === this.#watched) return;
    this.#watched = isWatched;
    this.#options.onWatched(isWatched);
  }

  #encodeWaiting(): void {
    this.#encoding ??= this.#drain().finally(() => {
      this.#encoding = undefined;
    });
  }

  async #drain(): Promise<void> {
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) {
      try {
        await this.#encode(frame);
      } catch (error) {
        this.#options.onError(error);
      } finally {
        frame.release();
      }
    }
  }

  #take(): Frame | undefined {
    const frame = this.#waiting;
    this.#waiting = undefined;
    return frame;
  }

  async #encode(frame: Frame): Promise<void> {
    const overlays = this.#options.overlays(frame);
    let encoded = 0;
    for (const { variant, listeners } of [...this.#watchers.values()]) {
      try {
        const picture = await this.#picture(frame, variant, overlays);
        encoded++;
        this.#show(picture, listeners);
      } catch (error) {
        this.#options.onError(error);
      }
    }
    if (encoded > 0) this.#options.onEncoded(frame);
  }

  async #picture(frame: Frame, variant: PictureVariant, overlays: readonly FaceOverlay[]): Promise<Picture> {
    const image = await this.#render(frame, variant, overlays);
    const jpeg = await encodeJpeg(image, { quality: this.#options.jpegQuality });
    return { jpeg, sequence: frame.sequence, capturedAt: frame.capturedAt };
  }

  #show(picture: Picture, listeners: Iterable<(picture: Picture) => void>): void {
    for (const listener of [...listeners]) {
      try {
        listener(picture);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  async #render(frame: Frame, variant: PictureVariant, overlays: readonly FaceOverlay[]): Promise<RgbImage> {
    const scaled = variant.width !== null && variant.width < frame.width;
    const canvas = scaled ? await resizeToRgb(frame, variant.width) : this.#copy(frame);
    if (!variant.overlay) return canvas;
    const { labels } = this.#options;
    const fitting = overlays.map((overlay) => scaleOverlay(overlay, canvas.width / frame.width));
    // Names that cannot be rendered are reported by the cache; the boxes are still worth drawing.
    await prepareLabels(canvas.height, fitting, labels).catch(() => undefined);
    drawOverlay(canvas, fitting, labels);
    return canvas;
  }

  /** Frames are immutable, so boxes are drawn on a copy in RGB. Its buffer is reused for the next frame. */
  #copy(frame: Frame): RgbImage {
    const size = frame.width * frame.height * 3;
    if (this.#canvas.length !== size) this.#canvas = new Uint8Array(size);
    return wholeInRgb(frame, this.#canvas);
  }
}

function scaleOverlay(overlay: FaceOverlay, scale: number): FaceOverlay {
  const { x, y, width, height } = overlay.box;
  return { ...overlay, box: { x: x * scale, y: y * scale, width: width * scale, height: height * scale } };
}
