import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Scheduler } from '../../src/polling/scheduler';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('polling: the scheduler', () => {
  it('wakes each entry once, in the order they are due, and none too early', async () => {
    const scheduler = new Scheduler();
    const woken: number[] = [];
    const early: number[] = [];
    const delays = Array.from({ length: 300 }, (_, index) => ((index * 37) % 7) * 20);
    const start = performance.now();
    await Promise.all(
      delays.map(
        (delay) =>
          new Promise<void>((resolve) => {
            scheduler.after(delay, () => {
              woken.push(delay);
              if (performance.now() < start + delay) early.push(delay);
              resolve();
            });
          }),
      ),
    );
    await pause(20);
    assert.deepEqual(
      woken,
      [...delays].sort((a, b) => a - b),
    );
    assert.deepEqual(early, []);
  });

  it('wakes one that comes later but is due sooner', async () => {
    const scheduler = new Scheduler();
    const woken: string[] = [];
    const stop = scheduler.after(60_000, () => woken.push('far'));
    scheduler.after(50, () => woken.push('near'));
    scheduler.after(0, () => woken.push('now'));
    scheduler.after(-5, () => woken.push('past'));
    assert.deepEqual(woken, []);
    await pause(100);
    assert.deepEqual(woken.slice(0, 2).sort(), ['now', 'past']);
    assert.deepEqual(woken.slice(2), ['near']);
    stop();
  });

  it('does not wake what was taken away', async () => {
    const scheduler = new Scheduler();
    const woken: number[] = [];
    const stops = Array.from({ length: 100 }, (_, index) => scheduler.after(20, () => woken.push(index)));
    stops.forEach((stop, index) => {
      if (index % 2) stop();
    });
    stops[1]!();
    await pause(80);
    assert.deepEqual(
      woken,
      Array.from({ length: 50 }, (_, index) => index * 2),
    );
    for (const stop of stops) stop();
    scheduler.after(0, () => woken.push(-1));
    await pause(20);
    assert.equal(woken.at(-1), -1);
  });

  it('lets an entry take another one away that is due in the same moment', async () => {
    const scheduler = new Scheduler();
    const woken: string[] = [];
    let stop = () => {};
    scheduler.after(10, () => {
      woken.push('first');
      stop();
    });
    stop = scheduler.after(10.001, () => woken.push('second'));
    scheduler.after(20, () => woken.push('third'));
    await pause(60);
    assert.deepEqual(woken, ['first', 'third']);
  });

  it('lets an entry come back', async () => {
    const scheduler = new Scheduler();
    let times = 0;
    await new Promise<void>((resolve) => {
      const again = () => {
        if (++times === 200) resolve();
        else scheduler.after(0, again);
      };
      scheduler.after(0, again);
    });
    assert.equal(times, 200);
  });

  for (const [work, count] of [
    ['little', 10_000],
    ['much', 1_000],
  ] as const) {
    it(`lets others have their turn while ${count} entries are due that do ${work}`, async () => {
      const scheduler = new Scheduler();
      let woken = 0;
      let sinceOthers = 0;
      let most = 0;
      let running = true;
      const turn = () => {
        sinceOthers = 0;
        if (running) setImmediate(turn);
      };
      setImmediate(turn);
      await new Promise<void>((resolve) => {
        for (let index = 0; index < count; index++) {
          scheduler.after(5, () => {
            most = Math.max(most, ++sinceOthers);
            const until = performance.now() + (work === 'much' ? 0.1 : 0);
            while (performance.now() < until);
            if (++woken === count) resolve();
          });
        }
      });
      running = false;
      assert.equal(woken, count);
      assert.ok(most <= 64, `${most} in one turn`);
    });
  }

  it('drops what was taken away long before it is due', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const scheduler = new Scheduler();
    let woken = 0;
    const kept = Array.from({ length: 500 }, () => scheduler.after(30, () => woken++));
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 400_000; index++) scheduler.after(3_000_000, () => {})();
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < 4_000_000, `${grown} bytes are held for entries that were taken away`);
    await pause(150);
    assert.equal(woken, 500);
    for (const stop of kept) stop();
  });

  it('keeps the order over entries that are dropped', async () => {
    const scheduler = new Scheduler();
    const woken: number[] = [];
    const stops: (() => void)[] = [];
    for (let index = 0; index < 6_000; index++) {
      const delay = 20 + ((index * 7) % 8) * 30;
      stops.push(scheduler.after(delay, () => woken.push(delay)));
    }
    stops.forEach((stop, index) => {
      if (index % 10) stop();
    });
    await pause(320);
    assert.equal(woken.length, 600);
    assert.deepEqual(
      woken,
      [...woken].sort((a, b) => a - b),
    );
  });

  it('leaves no timer once all was taken away, and goes on after that', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    // mocha starts its own timer once it has seen the first promise.
    await pause(0);
    const before = timers();
    const scheduler = new Scheduler();
    const stops = [3_000_000, 1_000, 2_000].map((delay) => scheduler.after(delay, () => {}));
    assert.ok(timers() > before);
    for (const stop of stops) stop();
    assert.equal(timers(), before);
    const last = scheduler.after(3_000_000, () => {});
    const gone = scheduler.after(2_000_000, () => {});
    await new Promise<void>((resolve) => {
      scheduler.after(5, () => {
        // Not the last one that waits, and then the last one.
        gone();
        resolve();
      });
    });
    last();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(timers(), before);
    const stopped = scheduler.after(3_000_000, () => {});
    scheduler.after(5, () => {});
    stopped();
    await pause(20);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(timers(), before);
  });

  it('waits longer than a timer can', async () => {
    const scheduler = new Scheduler();
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    let woken = 0;
    const stop = scheduler.after(2 ** 31 + 1000, () => woken++);
    await pause(30);
    process.off('warning', listen);
    assert.equal(woken, 0);
    assert.deepEqual(warnings, []);
    stop();
  });
});
