/** The roles. Each may do everything that the ones before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;

/**
 * `viewer` looks: pictures, events, lists. `operator` also asks about pictures and keeps the gallery. `admin` also
 * changes cameras and settings.
 */
export type Role = (typeof roles)[number];

/** An access token with its role. */
export interface AccessToken {
  /** Unique name of the person or program that uses the token. */
  readonly name: string;
  /** The secret. */
  readonly token: string;
  readonly role: Role;
}

/** Whether a role may do what another one may. */
export function covers(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
