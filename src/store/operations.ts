/** All operations that the thread of the database can run: the one place where the store knows the rooms. */
import { SEEN_OPERATIONS } from '../photos/seen-sql';
import { STORED_PHOTOS_OPERATIONS } from '../photos/stored-photos-sql';
import type { Operations } from './sql';

export const OPERATIONS: Operations = { ...SEEN_OPERATIONS, ...STORED_PHOTOS_OPERATIONS };
