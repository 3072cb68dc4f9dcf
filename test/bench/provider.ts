/** The far end of every comparison, in a process of its own: answers at once, or after the latency that it is given. */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWERS: readonly [RegExp, string][] = [
  [
    /truth_build\/create/,
    '{"code":200,"msg":"success","data":[{"taskID":"1916812048797622272"}],"timestamp":1629099324}',
  ],
  [
    /truth_build\/query/,
    '{"code":200,"msg":"success","data":{"taskStatus":2,"list":[],"status":0,"msg":""},"timestamp":1629099324}',
  ],
  [/get_token/, '{"request_id":"TID1","code":"0000","msg":"ok","data":{"token":"0123456789abcdef"}}'],
  [
    /idCardThreeElements/,
    '{"code":"00000","message":"成功","data":"","id":"1","error_code":null,"reason":""}',
  ],
  [
    /^\/compare/,
    '{"msg":"成功","success":true,"code":200,"data":{"order_no":"1","score":"0.82","msg":"系统判断为同一人","incorrect":100}}',
  ],
];

export interface Provider {
  baseUrl: string;
  /** Milliseconds before each answer. */
  setLatency(milliseconds: number): Promise<void>;
  /** The most sockets at a time since it was last asked. */
  mostSockets(): Promise<number>;
  stop(): void;
}

/** Starts it; it ends with `stop` or with this process. */
export async function startProvider(): Promise<Provider> {
  const child: ChildProcess = fork(__filename, ['serve'], { stdio: 'inherit' });
  const next = () =>
    new Promise<number>((resolve) => child.once('message', (value) => resolve(value as number)));
  const port = await next();
  const ask = (question: object) => {
    const answered = next();
    child.send(question);
    return answered;
  };
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    setLatency: async (latency) => void (await ask({ latency })),
    mostSockets: () => ask({ most: true }),
    stop: () => child.kill(),
  };
}

function serve(): void {
  let latency = 0;
  let sockets = 0;
  let most = 0;
  const end = (response: ServerResponse, body: string) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  const server = createServer((request, response) => {
    const body = ANSWERS.find(([path]) => path.test(request.url!))![1];
    request.resume().on('end', () => {
      if (latency === 0) end(response, body);
      else setTimeout(end, latency, response, body);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => {
    most = Math.max(most, ++sockets);
    socket.on('close', () => sockets--);
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.on('message', (question: { latency?: number }) => {
    if (question.latency !== undefined) latency = question.latency;
    const answer = question.latency ?? most;
    most = sockets;
    process.send!(answer);
  });
  process.on('disconnect', () => process.exit());
}

if (process.argv[2] === 'serve') serve();
