// The first minutes: nothing there yet, no keyring, nothing answers.
import { screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { NO_TOTALS } from '../src/live/fleet';
import { failure } from './host';
import { open } from './open';

const nothing = () => ({ seq: 1, fleet: { clusters: [], nodes: [], guests: [], totals: NO_TOTALS }, operations: [] });

it('leads to the first cluster', async () => {
  const { user } = await open((host) => {
    host.answers.snapshot = nothing;
  });
  expect(screen.getByText('No clusters yet')).toBeTruthy();
  expect(screen.queryByTestId('tree')).toBeNull();
  await user.click(screen.getByTestId('add-cluster'));
  expect(screen.getByTestId('wizard-address')).toBeTruthy();
});

it('has a passphrase chosen where there is no keyring, twice and long enough', async () => {
  const { user, host } = await open((host) => {
    host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/d', keyStorage: 'passphraseToChoose', demo: false, tray: 'shown' });
  });
  const button = screen.getByTestId('unlock-open') as HTMLButtonElement;
  await user.type(screen.getByTestId('unlock-passphrase'), 'short');
  expect(button.disabled).toBe(true);
  await user.type(screen.getByTestId('unlock-passphrase'), ' but longer');
  await user.type(screen.getByTestId('unlock-repeat'), 'something else');
  expect(button.disabled).toBe(true);
  await user.clear(screen.getByTestId('unlock-repeat'));
  await user.type(screen.getByTestId('unlock-repeat'), 'short but longer');
  await user.click(button);
  await waitFor(() => expect(screen.queryByTestId('unlock')).toBeNull());
  expect(host.requests('unlock')).toEqual([{ passphrase: 'short but longer' }]);
});

it('asks again after a wrong passphrase', async () => {
  const { user, host } = await open((host) => {
    host.answers.app_info = () => ({ version: '0.1.0', dataDir: '/d', keyStorage: 'passphraseNeeded', demo: false, tray: 'shown' });
  });
  const answer = host.answers.unlock;
  host.answers.unlock = () => {
    throw failure('refused', 'This is not the passphrase.');
  };
  await user.type(screen.getByTestId('unlock-passphrase'), 'wrong one{Enter}');
  expect((await screen.findByTestId('error')).textContent).toContain('This is not the passphrase.');
  expect((screen.getByTestId('unlock-passphrase') as HTMLInputElement).value).toBe('');
  host.answers.unlock = answer;
  await user.type(screen.getByTestId('unlock-passphrase'), 'right one{Enter}');
  await waitFor(() => expect(screen.queryByTestId('unlock')).toBeNull());
});
