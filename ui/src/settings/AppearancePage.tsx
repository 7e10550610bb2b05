// How RedFlag looks and is used.
import { Minus, Plus } from 'lucide-react';
import { changeLook, ZOOM, zoomBy } from '../app/theme';
import type { Theme } from '../bindings/Theme';
import { usePreferences } from '../live/preferences';
import { openShortcuts } from '../palette/state';
import { Segments } from '../parts/Choice';
import { words } from '../words/en';
import { percent } from '../words/format';
import { Card, Row, SwitchRow } from './parts';

const text = words.settingsPages.appearance;
const THEMES: readonly Theme[] = ['system', 'dark', 'light'];

export function AppearancePage() {
  const look = usePreferences((all) => all.look);
  return (
    <>
      <Card title={text.card}>
        <div className="set-row theme-row"><Segments label={text.theme} value={look.theme} options={THEMES.map((one) => [one, text.themes[one]])} onChange={(theme) => changeLook({ theme })} testId="theme" /></div>
        <SwitchRow name={text.contrast} hint={text.contrastHint} on={look.highContrast} onChange={(highContrast) => changeLook({ highContrast })} testId="high-contrast" />
        <SwitchRow name={text.motion} hint={text.motionHint} on={look.reducedMotion} onChange={(reducedMotion) => changeLook({ reducedMotion })} testId="reduced-motion" />
      </Card>
      <div className="stack">
        <Card title={text.size}>
          <SwitchRow name={text.compact} hint={text.compactHint} on={look.compact} onChange={(compact) => changeLook({ compact })} testId="compact" />
          <Row name={text.zoom} hint={text.zoomHint}>
            {look.zoom !== ZOOM.usual && <button type="button" className="button ghost compact" onClick={() => zoomBy(0)} data-testid="zoom-usual">{text.usual}</button>}
            <span className="stepper" role="group" aria-label={text.zoom}>
              <button type="button" className="button square compact" aria-label={text.smaller} aria-disabled={look.zoom <= ZOOM.least} onClick={() => zoomBy(-1)} data-testid="zoom-out"><Minus className="icon small" aria-hidden /></button>
              <span className="num" role="status" data-testid="zoom">{percent(look.zoom / 100)}</span>
              <button type="button" className="button square compact" aria-label={text.larger} aria-disabled={look.zoom >= ZOOM.most} onClick={() => zoomBy(1)} data-testid="zoom-in"><Plus className="icon small" aria-hidden /></button>
            </span>
          </Row>
        </Card>
        <Card title={text.keyboard} aside={<button type="button" className="button ghost compact" onClick={openShortcuts} data-testid="show-keys">{text.shortcuts}</button>}>
          <SwitchRow name={text.letters} hint={text.lettersHint} on={look.letters} onChange={(letters) => changeLook({ letters })} testId="letters" />
        </Card>
      </div>
    </>
  );
}
