import type { WebSocket } from 'ws';
import type { Camera } from '../../pipeline/camera.js';
import { closeCodes } from './close-codes.js';
import { feedPictures } from './picture-feed.js';
import type { StreamQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';

/** Sends a camera's pictures to a viewer, one JPEG a binary message, until the socket closes. */
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
      // A send that fails closes the socket, and that ends the feed.
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
