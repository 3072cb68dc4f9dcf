/** A real broker of MQTT, with its own clients. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';

export interface Mosquitto {
  /** What its clients are started with. */
  connection: string[];
  publish(topic: string, text: string): void;
  stop(): Promise<void>;
}

/** @param port on loopback */
export function startMosquitto(port: number): Mosquitto {
  const file = join(temporaryDirectory(), 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const broker: ChildProcess = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
  process.once('exit', () => broker.kill('SIGKILL'));
  const connection = ['-h', '127.0.0.1', '-p', String(port), '-q', '1'];
  return {
    connection,
    publish: (topic, text) => {
      execFileSync('mosquitto_pub', [...connection, '-t', topic, '-m', text]);
    },
    stop: async () => {
      const ended = once(broker, 'exit');
      broker.kill();
      await ended;
    },
  };
}
