/** What a process keeps in its own database of the one that it shares with others (outbox-sql.ts). */
import type { Database } from '../store/database';
import type { Memory, Outbox, Remembered } from '../store/postgres';
import type { OutboxCall } from './outbox-sql';

/** @param own database of the process; null where it has none: then it is kept in memory, and ends with the process */
export function sharedKept(own: Database | null): { memory: Memory; outbox: Outbox } {
  if (!own) {
    const remembered = new Map<string, Remembered>();
    return {
      memory: {
        read: async (location) => remembered.get(location) ?? null,
        write: async (location, value) => void remembered.set(location, value),
      },
      outbox: { put: async () => {}, remove: async () => {}, list: async () => [] },
    };
  }
  return {
    memory: {
      read: async (location) => {
        const text = await own.call<object, string | null>('outbox.recall', { location });
        return text === null ? null : (JSON.parse(text) as Remembered);
      },
      write: async (location, remembered) => {
        await own.call('outbox.remember', { location, text: JSON.stringify(remembered) });
      },
    },
    outbox: {
      put: async (id, location, operation, parameters) => {
        await own.call('outbox.put', { id, location, operation, parameters });
      },
      remove: async (id) => {
        await own.call('outbox.remove', { id }, { whenAway: 'keep' });
      },
      list: (location) => own.call<object, OutboxCall[]>('outbox.list', { location }),
    },
  };
}
