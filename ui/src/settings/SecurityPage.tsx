// Where secrets are kept, and where to read what was done.
import { useState } from 'react';
import type { AppInfo } from '../bindings/AppInfo';
import { go } from '../app/place';
import { useLive } from '../live/store';
import { Badge, Status } from '../parts/Status';
import { words } from '../words/en';
import { Card, Row } from './parts';
import { PassphraseDialog } from './PassphraseDialog';

const text = words.settingsPages.security;

export function SecurityPage({ info, onInfo }: { info: AppInfo | null; onInfo: (info: AppInfo) => void }) {
  const [changing, setChanging] = useState(false);
  const clusters = useLive((live) => live.fleet.clusters.size);
  const storage = info?.keyStorage ?? null;
  return (
    <>
      <Card title={text.where} aside={storage !== null && <State storage={storage} />} testId="key-storage">
        {storage !== null && <Row name={text.keys[storage].name} hint={text.keys[storage].how} />}
        <Row name={text.tokens} hint={text.tokensHint(clusters)}><span className="small"><Status tone={clusters === 0 ? 'mute' : 'ok'} glyph={clusters === 0 ? 'unk' : 'ok'}>{text.stored(clusters)}</Status></span></Row>
        {storage === 'passphrase' && (
          <Row name={text.passphrase} hint={text.passphraseHint}>
            <button type="button" className="button compact" onClick={() => setChanging(true)} data-testid="change-passphrase">{text.change}</button>
          </Row>
        )}
      </Card>
      <Card title={text.record}>
        <Row name={text.trail} hint={text.trailHint}><button type="button" className="button compact" onClick={() => go({ view: 'audit' })} data-testid="open-audit">{text.openAudit}</button></Row>
      </Card>
      {changing && <PassphraseDialog onClose={() => setChanging(false)} onInfo={onInfo} />}
    </>
  );
}

function State({ storage }: { storage: AppInfo['keyStorage'] }) {
  switch (storage) {
    case 'keyring':
    case 'passphrase':
      return <Badge tone="ok" glyph="ok">{text.protected}</Badge>;
    case 'passphraseNeeded':
      return <Badge tone="caution" glyph="lock">{text.sealed}</Badge>;
    case 'passphraseToChoose':
      return <Badge tone="caution" glyph="unk">{text.open}</Badge>;
  }
}
