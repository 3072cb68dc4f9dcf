/** Whoever is verified has agreed to it, and the ledger says to what: docs/contract.md, "Action nodes", `consent`. */
import assert from 'node:assert/strict';
import { leaksIn } from '../private';
import { actionOf, errorOf, flowOf, ID_NUMBER, NAME, resultOf } from './five-actions';
import { askLedger, LEDGER_NODES } from './ledger-node';
import { deploy, nodeRedWithProvider } from './runtime';
import { json } from './scripted-server';

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
    const provider = nodeRedWithProvider((_request, response) => json(response, action.success()));

    const deployed = (account: object) =>
      deploy([
        ...flowOf(action, provider.baseUrl, { purpose: PURPOSE, ...account }, OF_MESSAGE),
        ...LEDGER_NODES,
      ]);
    const refused = async (message: object): Promise<string> => {
      const { code, cause } = await errorOf({ payload: structuredClone(person), ...message });
      assert.deepEqual([code, cause.charged, provider.requests.length], ['INPUT', false, 0]);
      return cause.problem;
    };

    it('is demanded where the account demands it', async () => {
      await deployed({ consentRequired: true });
      assert.equal(await refused({}), 'consent-missing');
      await resultOf({ payload: structuredClone(person), consent: FORM });
    });

    it('stands in the ledger with the purpose, and no person beside it', async () => {
      await deployed({});
      const message = { payload: structuredClone(person), consent: FORM, guardian: GUARDIAN };
      const { ledger } = await resultOf(message);
      const [entry = assert.fail()] = await askLedger({ id: ledger });
      assert.deepEqual([entry.consent, entry.guardianConsent, entry.purpose], [FORM, GUARDIAN, PURPOSE]);
      assert.deepEqual(leaksIn(JSON.stringify(entry)), []);
    });

    it('is a reference, and neither a person nor a yes', async () => {
      await deployed({});
      const dressed = [[...NAME].join(' ') + 1, ID_NUMBER.replace(/(?<=^.{6}|^.{14})/g, '-')];
      for (const consent of [NAME, `${NAME} 1`, ID_NUMBER, `form ${ID_NUMBER}`, ...dressed, 'yes', '同意'])
        assert.equal(await refused({ consent }), 'consent-no-reference', consent);
      assert.equal(await refused({ consent: 'x'.repeat(129) }), 'text-too-long');
    });

    it('of a guardian is demanded for whoever is under 14 today in Shanghai, unless minors is allow', async () => {
      const child = { payload: { ...structuredClone(person), idNumber: idNumberOf(1) } };
      await deployed({});
      assert.equal(await refused({ ...child, consent: FORM }), 'guardian-missing');
      const allowed = await resultOf({ ...structuredClone(child), guardian: GUARDIAN });
      assert.doesNotMatch(JSON.stringify(allowed), /"age"|minor|under/i);
      const birthday = { payload: { ...structuredClone(person), idNumber: idNumberOf(0) } };
      await resultOf(birthday);
      await deployed({ minors: 'allow' });
      await resultOf(structuredClone(child));
    });
  });
}
