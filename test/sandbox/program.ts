/** Programs in other languages, and their requests byte by byte where the language is not on this machine. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';

/** The folder itself: what is not TypeScript is not compiled. */
const PROGRAMS = join(__dirname, '../../../test/sandbox/programs');

/**
 * @param command of the language; a name of a file of test/sandbox/programs among its parameters becomes that file
 * @param env of its process, besides that of the tests
 * @returns what it printed, or null where this machine does not have the language
 * @throws Error with what it complained of
 */
export function runProgram(
  [command = '', ...parameters]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string | null> {
  const paths = parameters.map((each) => (/^\w+\.(?:py|java)$/.test(each) ? join(PROGRAMS, each) : each));
  const locale = { LC_ALL: 'C.UTF-8', PYTHONIOENCODING: 'utf-8', JAVA_TOOL_OPTIONS: '' };
  const child = spawn(command, paths, { env: { ...process.env, ...locale, ...env } });
  let printed = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complained += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(null);
      else reject(error);
    });
    child.on('close', (code) => (code === 0 ? resolve(printed) : reject(new Error(complained))));
  });
}

export interface RawAnswer {
  status: number;
  reason: string | null;
  /** Whether it was asked to go on before the body was sent. */
  continued: boolean;
  body: string;
}

/**
 * Sends exactly these bytes.
 * @param port of the sandbox
 * @param lines the request line and headers; Host, Content-Length and Connection are added
 * @param body waits for "100 Continue" where a line expects that
 */
export function sendRaw(port: number, lines: readonly string[], body: string | Buffer): Promise<RawAnswer> {
  const bytes = Buffer.from(body);
  const own = [`Host: 127.0.0.1:${port}`, `Content-Length: ${bytes.length}`, 'Connection: close'];
  const head = [...lines, ...own].join('\r\n');
  const expects = lines.includes('Expect: 100-continue');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head}\r\n\r\n`);
      if (!expects) socket.write(bytes);
    });
    socket.setEncoding('utf8').on('data', (text) => {
      if (expects && answer === '') socket.write(bytes);
      answer += text;
    });
    socket.on('error', reject).on('end', () => {
      const continued = answer.startsWith('HTTP/1.1 100 ');
      const [headers = '', ...rest] = (continued ? answer.replace(/^.*?\r\n\r\n/s, '') : answer).split(
        '\r\n\r\n',
      );
      resolve({
        status: Number(headers.split(' ')[1]),
        reason: /^x-sandbox-reason: (.*)$/im.exec(headers)?.[1]?.trim() ?? null,
        continued,
        body: rest.join('\r\n\r\n'),
      });
    });
  });
}
