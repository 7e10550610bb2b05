// How RedFlag lives beside other programs: start at login, tray icon, closing the window.
import type { AppInfo } from '../bindings/AppInfo';
import type { Desktop } from '../bindings/Desktop';
import { prefer, usePreferences } from '../live/preferences';
import { words } from '../words/en';
import { Card, SwitchRow } from './parts';

const text = words.settingsPages.general;

const change = (part: Partial<Desktop>): void => void prefer(({ desktop }) => ({ desktop: { ...desktop, ...part } }));

export function GeneralPage({ info }: { info: AppInfo | null }) {
  const desktop = usePreferences((all) => all.desktop);
  const missing = info?.tray === 'missing' ? text.missing : null;
  return (
    <Card title={text.card}>
      <SwitchRow name={text.login} hint={text.loginHint} on={desktop.startAtLogin} onChange={(startAtLogin) => change({ startAtLogin })} testId="start-at-login" />
      <SwitchRow name={text.tray} hint={text.trayHint} on={desktop.tray} onChange={(tray) => change({ tray })} testId="tray" />
      <SwitchRow name={text.keep} hint={text.keepHint} on={desktop.keepRunning && desktop.tray && missing === null} why={missing ?? (desktop.tray ? null : text.needsTray)} onChange={(keepRunning) => change({ keepRunning })} testId="keep-running" />
    </Card>
  );
}
