/** The thread of the database: the one place where the store knows the rooms. */
import { WAITING_OPERATIONS } from '../waiting/waiting-sql';
import { serve } from './serve';

serve({ ...WAITING_OPERATIONS });
