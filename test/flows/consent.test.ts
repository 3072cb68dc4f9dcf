/** Whoever is verified has agreed to it, and the ledger says to what: docs/contract.md, "Action nodes", `consent`. */
import assert from 'node:assert/strict';
import type { Entry } from '../../src/ledger/entry';
import { leaksIn } from '../private';
import { actionOf, checkError, flowOf, ID_NUMBER, NAME } from './five-actions';
import { ask, deploy, got, send, startRuntime, until } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const FORM = 'KYC-2026-0042';
const GUARDIAN = 'G-7';
const PURPOSE = '工地签到';
const OF_MESSAGE = {
  consent: 'consent',
  consentType: 'msg',
  guardianConsent: 'guardian',
  guardianConsentType: 'msg',
};

/** An id number of somebody who was born that many days after today, 14 years ago. */
function idNumberOf(days: number): string {
  const today = new Date(Date.now() + 8 * 3_600_000);
  const birth = new Date(
    Date.UTC(today.getUTCFullYear() - 14, today.getUTCMonth(), today.getUTCDate() + days),
  );
  const digits = `110105${birth.toISOString().slice(0, 10).replaceAll('-', '')}002`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
  return digits + '10X98765432'[sum % 11];
}

for (const type of ['face-compare', 'westdex-three']) {
  const action = actionOf(type);
  const person = action.payload as object;

  describe(`the consent of ${type}, in a real Node-RED`, () => {
    let provider: ScriptedServer;
    before(async () => {
      await startRuntime();
      provider = await scriptedServer((_asked, response) => json(response, action.success()));
    });
    after(closeServers);
    beforeEach(() => {
      provider.asked.length = 0;
    });

    const deployed = (account: object) =>
      deploy([
        ...flowOf(action, provider.baseUrl, { purpose: PURPOSE, ...account }, OF_MESSAGE),
        { id: 'ledger', z: 'tab', x: 1, y: 1, type: 'verify-ledger', ledger: '', wires: [['entries'], []] },
        { id: 'entries', z: 'tab', x: 1, y: 1, type: 'debug', active: false, wires: [] },
      ]);
    const refused = async (message: object): Promise<string> => {
      const { caught } = await ask({ payload: structuredClone(person), ...message });
      const { code, cause } = checkError(caught[0]!);
      assert.equal(code, 'INPUT');
      assert.equal(provider.asked.length, 0, 'nothing is sent');
      assert.equal(cause.charged, false);
      return cause.problem;
    };
    const entryOf = async (id: string): Promise<Entry> => {
      const before = got('entries').length;
      send('ledger', { payload: { id } });
      await until(() => got('entries').length > before);
      return (got('entries').at(-1)!.payload as Entry[])[0]!;
    };

    it('is demanded where the account demands it', async () => {
      await deployed({ consentRequired: true });
      assert.equal(await refused({}), 'consent-missing');
      const { out1 } = await ask({ payload: structuredClone(person), consent: FORM });
      assert.equal(out1.length, 1);
    });

    it('stands in the ledger with the purpose, and no person beside it', async () => {
      await deployed({});
      const { out1 } = await ask({ payload: structuredClone(person), consent: FORM, guardian: GUARDIAN });
      const { ledger } = out1[0]!.payload as { ledger: string };
      const entry = await entryOf(ledger);
      assert.deepEqual([entry.consent, entry.guardianConsent, entry.purpose], [FORM, GUARDIAN, PURPOSE]);
      assert.deepEqual(leaksIn(JSON.stringify(entry)), []);
    });

    it('is a reference, and neither a person nor a yes', async () => {
      await deployed({});
      for (const consent of [NAME, `${NAME} 1`, ID_NUMBER, `form ${ID_NUMBER}`, 'yes', '同意'])
        assert.equal(await refused({ consent }), 'consent-no-reference', consent);
      assert.equal(await refused({ consent: 'x'.repeat(129) }), 'text-too-long');
    });

    it('of a guardian is demanded for whoever is under 14 today in Shanghai, unless minors is allow', async () => {
      const child = { payload: { ...structuredClone(person), idNumber: idNumberOf(1) } };
      await deployed({});
      assert.equal(await refused({ ...child, consent: FORM }), 'guardian-missing');
      const { out1 } = await ask({ ...structuredClone(child), guardian: GUARDIAN });
      assert.equal(out1.length, 1);
      assert.doesNotMatch(JSON.stringify(out1[0]!.payload), /"age"|minor|under/i);
      const birthday = { payload: { ...structuredClone(person), idNumber: idNumberOf(0) } };
      assert.equal((await ask(birthday)).out1.length, 1);
      await deployed({ minors: 'allow' });
      assert.equal((await ask(structuredClone(child))).out1.length, 1);
    });
  });
}
