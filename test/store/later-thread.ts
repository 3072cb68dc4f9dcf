/** As `thread.ts`, of a program that is two versions later. */
import { MIGRATIONS } from '../../src/store/schema/migrations';
import { serve } from '../../src/store/serve';
import { PROBES } from './probes';

serve(PROBES, [
  ...MIGRATIONS,
  ({ text }) => [`ALTER TABLE outbox ADD COLUMN later ${text}`, "UPDATE outbox SET later = 'first'"],
  () => ["UPDATE outbox SET later = later || ' and second'", 'CREATE INDEX outbox_later ON outbox (later)'],
]);
