import { centre, type Point } from '../core/geometry.js';
import { contains } from '../core/polygon.js';
import type { VideoSearch } from './face-detector.js';

/**
 * A search that leaves out faces whose centre lies outside a polygon.
 * @param region corners in fractions of the picture's width and height
 */
export function withinRegion(search: VideoSearch, region: readonly Point[]): VideoSearch {
  return {
    detect: async (image, expected) => {
      const polygon = region.map(({ x, y }) => ({ x: x * image.width, y: y * image.height }));
      const detections = await search.detect(image, expected);
      return detections.filter(({ box }) => contains(polygon, centre(box)));
    },
    end: () => search.end(),
  };
}
