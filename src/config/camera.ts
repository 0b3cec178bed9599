import { z } from 'zod';
import {
  cameraSchema,
  completeAnalysisSchema,
  completeDetectorSchema,
  type CameraConfig,
  type CameraDefaults,
  type CameraStatement,
} from './schema.js';
import { cameraRecognitionChangeSchema, completeCameraRecognitionSchema } from './recognition.js';

const { id, name, analysis, detector, recognition, ...rest } = cameraSchema.shape;
/** With its defaults a field that is left out would be set back to them. */
const withoutDefaults = {
  url: rest.url,
  detectUrl: rest.detectUrl.unwrap(),
  transport: rest.transport.unwrap(),
  hwaccel: rest.hwaccel.unwrap(),
  rotate: rest.rotate.unwrap(),
  flip: rest.flip.unwrap(),
  width: rest.width.unwrap(),
  fps: rest.fps.unwrap(),
  loop: rest.loop.unwrap(),
  stallTimeoutMs: rest.stallTimeoutMs.unwrap(),
} satisfies Record<keyof typeof rest, z.ZodType>;

/** What to change about a camera: only what is named changes. */
export const cameraChangeSchema = z
  .strictObject({
    name: name.unwrap(),
    ...withoutDefaults,
    analysis: analysis.unwrap(),
    detector: detector.unwrap(),
    recognition: cameraRecognitionChangeSchema,
  })
  .partial();

/** How a camera is set up, nothing left out. */
export const cameraSettingsSchema = z.strictObject({
  id: id.unwrap(),
  name: name.unwrap(),
  ...withoutDefaults,
  analysis: completeAnalysisSchema,
  detector: completeDetectorSchema,
  recognition: completeCameraRecognitionSchema.describe(recognition.description ?? ''),
});

/** A camera as somebody asks for it; what is left out is as the configuration says. */
export type NewCamera = z.output<typeof cameraSchema>;

/** What to change about a camera. */
export type CameraChange = z.output<typeof cameraChangeSchema>;

/** How a camera is set up. */
export type CameraSettings = CameraConfig;

/** A camera with what it leaves to the defaults. */
export function completeCamera(camera: CameraStatement, defaults: CameraDefaults): CameraConfig {
  return {
    ...camera,
    name: camera.name ?? camera.id,
    analysis: { ...defaults.analysis, ...definedOnly(camera.analysis) },
    detector: { ...defaults.detector, ...definedOnly(camera.detector) },
  };
}

/** A camera with what was asked to change; the settings of its analysis, detector and recognition change one by one. */
export function changedCamera(camera: CameraStatement, change: CameraChange): CameraStatement {
  const changes = definedOnly(change);
  return {
    ...camera,
    ...changes,
    analysis: { ...camera.analysis, ...definedOnly(change.analysis ?? {}) },
    detector: { ...camera.detector, ...definedOnly(change.detector ?? {}) },
    recognition: { ...camera.recognition, ...definedOnly(change.recognition ?? {}) },
  };
}

function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
