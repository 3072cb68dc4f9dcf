/** The thread of the database: the one place where the store knows the rooms. */
import { LEDGER_OPERATIONS } from '../ledger/ledger-sql';
import { OUTBOX_OPERATIONS } from '../ledger/outbox-sql';
import { SEEN_OPERATIONS } from '../photos/seen-sql';
import { STORED_PHOTOS_OPERATIONS } from '../photos/stored-photos-sql';
import { WAITING_OPERATIONS } from '../waiting/waiting-sql';
import { serve } from './serve';

serve({
  ...LEDGER_OPERATIONS,
  ...OUTBOX_OPERATIONS,
  ...SEEN_OPERATIONS,
  ...STORED_PHOTOS_OPERATIONS,
  ...WAITING_OPERATIONS,
});
