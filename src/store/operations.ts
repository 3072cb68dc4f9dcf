/** All operations that the thread of the database can run: the one place where the store knows the rooms. */
import type { Operations } from './sql';

export const OPERATIONS: Operations = {};
