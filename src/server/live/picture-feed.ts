import type { Camera, CameraStatus, Picture, PictureVariant } from '../../pipeline/camera.js';
import { FrameThrottle } from './frame-throttle.js';
import type { PictureQuery, StreamQuery } from '../query.js';

/** The way to one viewer. */
interface PictureOutlet {
  /** Bytes sent but not yet taken over by the operating system. */
  bufferedBytes(): number;
  send(picture: Picture): void;
  /** A frame was left out because the viewer is behind. */
  dropped(): void;
  /** The camera was removed: there will be no more pictures. */
  ended(): void;
}

export interface PictureFeedOptions {
  readonly camera: Camera;
  readonly query: StreamQuery;
  readonly budgetBytes: number;
  readonly outlet: PictureOutlet;
}

/**
 * Sends the pictures of a camera to one viewer until the returned function is called: at most `fps` of them, and only
 * while the viewer keeps up. A camera that shows nothing now starts with its last picture, if it has one.
 */
export function feedPictures({ camera, query, budgetBytes, outlet }: PictureFeedOptions): () => void {
  const throttle = new FrameThrottle(query.fps);
  const variant = variantFor(query, camera.status());
  let newest = -1;
  const offer = (picture: Picture): void => {
    if (picture.sequence <= newest || !throttle.admits(performance.now())) return;
    newest = picture.sequence;
    if (withinBudget(outlet.bufferedBytes(), picture.jpeg.length, budgetBytes)) outlet.send(picture);
    else outlet.dropped();
  };
  const stop = camera.watch(variant, offer);
  const forget = camera.onRemoved(() => outlet.ended());
  let watching = true;
  if (camera.status().state !== 'online') {
    const offerLast = (picture: Picture): void => {
      if (watching) offer(picture);
    };
    // No picture yet is no failure here: the viewer waits for the first one.
    camera.latest(variant).then(offerLast, () => {});
  }
  return () => {
    watching = false;
    stop();
    forget();
  };
}

/** Whether a frame may be queued: always on an empty line, else only as far as the budget reaches. */
export function withinBudget(bufferedBytes: number, frameBytes: number, budgetBytes: number): boolean {
  return bufferedBytes === 0 || bufferedBytes + frameBytes <= budgetBytes;
}

/** What to ask of the camera. A width it does not reach is its own width, so that viewers share one encoding. */
export function variantFor(query: PictureQuery, status: Pick<CameraStatus, 'width'>): PictureVariant {
  const isWhole = query.width !== null && status.width !== null && query.width >= status.width;
  return { width: isWhole ? null : query.width, overlay: query.overlay };
}
