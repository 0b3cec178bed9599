/** What somebody may do, each role all that the ones before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;

/**
 * `viewer` looks: pictures, events, lists. `operator` also asks about pictures and keeps the gallery. `admin` also
 * changes cameras and settings.
 */
export type Role = (typeof roles)[number];
