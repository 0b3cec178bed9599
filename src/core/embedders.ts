/** The embedding networks that Sightline knows, the default first; each is also an asset of models/manifest.json. */
export const embedderIds = ['mobilefacenet', 'fr-feature', 'dlib', 'facenet-vggface2'] as const;

export type EmbedderId = (typeof embedderIds)[number];
