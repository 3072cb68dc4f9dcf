/** What has not come true by then never does: a busy machine gets its time. */
const GIVE_UP_MS = 60_000;

/**
 * @param condition called every few milliseconds until it returns true
 * @param complaint of the test that fails because it never comes true
 * @param giveUpMs for what takes longer
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  complaint: string | (() => string) = () => `Waited in vain for ${condition}`,
  giveUpMs = GIVE_UP_MS,
): Promise<void> {
  for (const start = performance.now(); !(await condition()); ) {
    if (performance.now() - start > giveUpMs)
      throw new Error(typeof complaint === 'string' ? complaint : complaint());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
