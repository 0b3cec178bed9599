/**
 * How long a test waits for what must come. Tests wait for events; this only ends a wait for one that never comes, and
 * leaves room for a machine that is busy with twenty other things.
 */
export const patienceMs = 240_000;
