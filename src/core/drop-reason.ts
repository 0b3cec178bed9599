/**
 * Why a task for a worker thread was given up: `queue-full`: newer ones took its place; `deadline`: no thread was free
 * in time; `closed`: whoever does such tasks was closed.
 */
export type DropReason = 'queue-full' | 'deadline' | 'closed';
