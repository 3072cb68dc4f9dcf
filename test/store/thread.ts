/** The thread of a database that has operations of its own, for the tests of the store. */
import { serve } from '../../src/store/serve';
import { PROBES } from './probes';

serve(PROBES);
