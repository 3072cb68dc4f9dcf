/** The thread of the database: the one place where the store knows the rooms. */
import { LEDGER_OPERATIONS } from '../ledger/ledger-sql';
import { WAITING_OPERATIONS } from '../waiting/waiting-sql';
import { serve } from './serve';

serve({ ...LEDGER_OPERATIONS, ...WAITING_OPERATIONS });
