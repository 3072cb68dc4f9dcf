/**
 * @param step that answers how much it did, 0 when nothing is left
 * @returns how much was done in all
 */
export async function untilDone(step: () => Promise<number>): Promise<number> {
  for (let done = 0; ; ) {
    const count = await step();
    if (count === 0) return done;
    done += count;
  }
}
