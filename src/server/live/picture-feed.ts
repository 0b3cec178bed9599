import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { WebSocket } from 'ws';
import type { Camera, CameraStatus, Picture, PictureVariant } from '../../pipeline/camera.js';
import type { PictureQuery, StreamQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';
import { closeCodes } from './close-codes.js';
import type { Heartbeat, Pulse } from './heartbeat.js';

/** How early, as a fraction of the interval, a frame may come and still count as the next: cameras are not exact. */
const toleranceInIntervals = 0.25;
const msPerSecond = 1000;

/** Lets a limited number of frames per second pass, evenly spread. */
export class FrameThrottle {
  readonly #intervalMs: number;
  #dueMs = -Infinity;

  /** @param framesPerSecond null lets every frame through */
  constructor(framesPerSecond: number | null) {
    this.#intervalMs = framesPerSecond === null ? 0 : msPerSecond / framesPerSecond;
  }

  /** Whether a frame passes at this time of a monotonic clock, in milliseconds. */
  admits(nowMs: number): boolean {
    if (nowMs < this.#dueMs - toleranceInIntervals * this.#intervalMs) return false;
    // Counts from the due time, so that the average rate is right; after a gap from now, so that there is never a burst.
    const isAfterGap = nowMs - this.#dueMs > this.#intervalMs;
    this.#dueMs = (isAfterGap ? nowMs : this.#dueMs) + this.#intervalMs;
    return true;
  }
}

/** The connection to one viewer. */
interface PictureOutlet {
  /** Bytes sent that the operating system has not accepted yet. */
  bufferedBytes(): number;
  send(picture: Picture): void;
  /** Called when a frame is dropped because the viewer is behind. */
  dropped(): void;
  /** Called when the camera was removed and no more pictures will come. */
  ended(): void;
}

export interface PictureFeedOptions {
  readonly camera: Camera;
  readonly query: StreamQuery;
  readonly budgetBytes: number;
  readonly outlet: PictureOutlet;
}

/**
 * Sends a camera's pictures to one viewer until the returned function is called: at most `fps` per second, and only while
 * the viewer keeps up. For a camera that is not online, the last picture comes first, if there is one.
 */
function feedPictures({ camera, query, budgetBytes, outlet }: PictureFeedOptions): () => void {
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
    // That there is no picture yet is not a failure here: the viewer waits for the first one.
    camera.latest(variant).then(offerLast, () => {});
  }
  return () => {
    watching = false;
    stop();
    forget();
  };
}

/** Whether a frame may be queued: always when nothing is waiting, else only within the budget. */
export function withinBudget(bufferedBytes: number, frameBytes: number, budgetBytes: number): boolean {
  return bufferedBytes === 0 || bufferedBytes + frameBytes <= budgetBytes;
}

/** The variant to request from the camera. A width beyond its own becomes its own, so that viewers share one encoding. */
export function variantFor(query: PictureQuery, status: Pick<CameraStatus, 'width'>): PictureVariant {
  const isWhole = query.width !== null && status.width !== null && query.width >= status.width;
  return { width: isWhole ? null : query.width, overlay: query.overlay };
}

const boundary = 'frame';

/** Answers with an endless multipart of JPEGs until the client disconnects, within the same budget as a WebSocket. */
export function streamMjpeg(
  reply: FastifyReply,
  camera: Camera,
  query: StreamQuery,
  heartbeat: Heartbeat,
  { metrics, limits }: Pick<ServerContext, 'metrics' | 'limits'>,
): void {
  const { id } = camera.status();
  const response = beginMultipart(reply);
  const pulse = new ResponsePulse(response);
  const stop = feedPictures({
    camera,
    query,
    budgetBytes: limits.pictureBudgetBytes,
    outlet: {
      bufferedBytes: () => response.writableLength,
      send: (picture) => writePart(response, picture, () => pulse.flushed()),
      dropped: () => metrics.viewerFrameDropped(id, 'mjpeg'),
      ended: () => response.end(),
    },
  });
  const forget = heartbeat.watch(pulse);
  metrics.viewerJoined('mjpeg');
  response.once('close', () => {
    stop();
    forget();
    metrics.viewerLeft('mjpeg');
  });
}

function beginMultipart(reply: FastifyReply): ServerResponse {
  const response = reply.hijack().raw;
  response.on('error', () => {});
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': `multipart/x-mixed-replace; boundary=${boundary}`,
  });
  response.flushHeaders();
  return response;
}

/** HTTP has no ping: a client counts as alive while parts reach it or none is waiting. */
class ResponsePulse implements Pulse {
  readonly #response: ServerResponse;
  #hasFlushed = true;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Call when a part has reached the operating system. */
  flushed(): void {
    this.#hasFlushed = true;
  }

  beat(): boolean {
    const isAlive = this.#hasFlushed || this.#response.writableLength === 0;
    this.#hasFlushed = false;
    return isAlive;
  }

  kill(): void {
    this.#response.destroy();
  }
}

function writePart(
  response: ServerResponse,
  { jpeg, sequence, capturedAt }: Picture,
  onFlushed: () => void,
): void {
  response.cork();
  response.write(
    `--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n` +
      `X-Sequence: ${sequence}\r\nX-Captured-At: ${new Date(capturedAt).toISOString()}\r\n\r\n`,
  );
  response.write(jpeg);
  response.write('\r\n', onFlushed);
  response.uncork();
}

/** Sends a camera's pictures to a viewer, one JPEG per binary message, until the socket closes. */
export function openVideo(
  socket: WebSocket,
  camera: Camera,
  query: StreamQuery,
  { metrics, limits }: Pick<ServerContext, 'metrics' | 'limits'>,
): void {
  const { id } = camera.status();
  const stop = feedPictures({
    camera,
    query,
    budgetBytes: limits.pictureBudgetBytes,
    outlet: {
      bufferedBytes: () => socket.bufferedAmount,
      // A failed send closes the socket, which ends the feed.
      send: ({ jpeg }) => socket.send(jpeg, () => {}),
      dropped: () => metrics.viewerFrameDropped(id, 'video'),
      ended: () => socket.close(closeCodes.cameraRemoved, 'CAMERA_REMOVED'),
    },
  });
  metrics.viewerJoined('video');
  socket.once('close', () => {
    stop();
    metrics.viewerLeft('video');
  });
}
