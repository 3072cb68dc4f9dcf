/**
 * Writes a form as one Buffer, so that it is sent with its length and never in chunks (providers/README, "Rules for
 * all four"): RFC 7578.
 * @param fields whose names need no quoting, and whose values are text
 * @param boundary that occurs in none of the values
 * @returns the body of a multipart/form-data request
 */
export function writeMultipart(fields: Readonly<Record<string, string>>, boundary: string): Buffer {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return Buffer.from(`${parts.join('')}--${boundary}--\r\n`);
}
