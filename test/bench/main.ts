/** `npm run bench -- [which] [action …]`. Every comparison is made in one process, or in alternating runs. */
import { burst } from './burst';
import { fit } from './fit';
import { hold } from './hold';
import { ledger } from './ledger';
import { load } from './load';
import { photo } from './photo';
import { photos } from './photos';
import { polling } from './polling';
import { profile } from './profile';
import { queue } from './queue';
import { resuming } from './resuming';
import { scaleOut } from './scale-out';

import { steady } from './steady';
import { throughput } from './throughput';

const BENCHMARKS: Readonly<Record<string, (rest: readonly string[]) => Promise<void>>> = {
  throughput,
  burst,
  steady,
  polling,
  resuming,
  photo,
  fit,
  hold,
  photos,
  load,
  ledger,
  'scale-out': scaleOut,
  queue,
  profile,
};

async function main([which, ...rest]: readonly string[]): Promise<void> {
  // The queue is part of scale-out.
  const chosen = which ? [which] : Object.keys(BENCHMARKS).filter((name) => name !== 'queue');
  for (const name of chosen) {
    const run = BENCHMARKS[name];
    if (!run) throw new Error(`${name} is none of ${Object.keys(BENCHMARKS).join(', ')}`);
    console.log(`## ${name} (Node.js ${process.versions.node})\n`);
    await run(rest);
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
