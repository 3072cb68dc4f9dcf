/** The thread of a database whose disk is slow: to check the whole file takes until the test makes a file beside it. */
import { workerData } from 'node:worker_threads';
import type { ThreadOptions } from '../../src/store/messages';
import { OwnedFile } from '../../src/store/owned-file';
import { serve } from '../../src/store/serve';
import { hold, PROBES } from './probes';

const { file } = workerData as ThreadOptions;
const { isWhole } = OwnedFile.prototype;
OwnedFile.prototype.isWhole = function () {
  hold(`${file}.checked`);
  return isWhole.call(this);
};

serve(PROBES);
