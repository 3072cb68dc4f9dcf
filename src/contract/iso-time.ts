/**
 * Many messages come, and are answered, in the same millisecond or second, and writing a time down takes as long as all else
 * about a result.
 * @returns a function that writes Unix milliseconds as ISO 8601 and remembers the last one; it throws RangeError where they
 *   are no time
 */
export function isoTimes(): (time: number) => string {
  let latest = Number.NaN;
  let text = '';
  return (time) => {
    if (time !== latest) {
      text = new Date(time).toISOString();
      latest = time;
    }
    return text;
  };
}
