import type { z } from 'zod';
import type { CameraConfig, cameraSchema } from './schema.js';

/** A camera as somebody asks for it; what is left out is as the configuration says. */
export type NewCamera = z.input<typeof cameraSchema>;

/** What to change about a camera. */
export type CameraChange = Partial<Omit<NewCamera, 'id'>>;

/** How a camera is set up. */
export type CameraSettings = CameraConfig;
