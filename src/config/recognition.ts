import { z } from 'zod';

const threshold = z
  .number()
  .positive()
  .max(2)
  .nullable()
  .describe(
    'Largest Euclidean distance at which a face may be named, whatever the size of the gallery. When null it follows from `falseNameRate`.',
  );
const falseNameRate = z
  .number()
  .min(1e-6)
  .max(0.1)
  .describe(
    'Wanted share of strangers who are given a name, 0.001 for 1 in 1,000: the more photos are enrolled, the nearer a face must be. Smaller is safer, and more people you know stay without a name.',
  );

/** How near a face must be to be named, whatever the camera. */
export const namingShape = { threshold, falseNameRate };

const cameraShape = {
  enabled: z.boolean().describe('Whether faces of this camera are recognised.'),
  threshold: threshold.describe(
    'As `recognition.threshold`, for this camera. When null: the one of all cameras, unless this camera has a `falseNameRate` of its own.',
  ),
  falseNameRate: falseNameRate
    .nullable()
    .describe(
      'As `recognition.falseNameRate`, for this camera; a front door may be stricter than a garden. When null: the one of all cameras.',
    ),
};

/** The recognition of a camera, each setting there. */
export const completeCameraRecognitionSchema = z.strictObject(cameraShape);

/** The recognition of a camera as it is stated; what is left out has its default. */
export const cameraRecognitionSchema = orBoolean(
  z.strictObject({
    enabled: cameraShape.enabled.default(true),
    threshold: cameraShape.threshold.default(null),
    falseNameRate: cameraShape.falseNameRate.default(null),
  }),
).describe('How faces of this camera are recognised; `true` or `false` alone says whether they are.');

/** What to change about the recognition of a camera: only what is named changes. */
export const cameraRecognitionChangeSchema = orBoolean(z.strictObject(cameraShape).partial());

/** Takes `true` and `false` too, for `enabled` alone, and says so where the schema is described. */
function orBoolean<T extends z.ZodObject>(settings: T) {
  const described = z.toJSONSchema(settings, { io: 'input' });
  delete described.$schema;
  return z
    .unknown()
    .meta({ anyOf: [{ type: 'boolean' }, described] })
    .transform((value) => (typeof value === 'boolean' ? { enabled: value } : value))
    .pipe(settings);
}
