/** The thread of the database: the one place where the store knows the rooms. */
import { serve } from './serve';

serve({});
