// How a registry is asked: by itself or through a mirror, with or without encryption, with which certificate.
import { useState } from 'react';
import { tell } from '../app/notices';
import type { RegistryRow } from '../bindings/RegistryRow';
import { CancelButton, Frame } from '../clusters/Frame';
import { rpc } from '../host';
import { ErrorNote } from '../parts/Note';
import { TickLine } from '../parts/Tick';
import { words } from '../words/en';
import { useTask } from '../wizard/useTask';
import { registriesMoved } from './checking';
import { isHost } from './registries';

const text = words.registries.setting;

interface Props {
  /** None to add one. */
  row: RegistryRow | null;
  registries: readonly RegistryRow[];
  onClose: () => void;
}

/** Why the text is no certificate. Empty is none, which is fine. */
function whyNoCertificate(pem: string): string | null {
  if (pem.includes('PRIVATE KEY-----')) return text.privateKey;
  return pem === '' || pem.includes('-----BEGIN CERTIFICATE-----') ? null : text.certificateForm;
}

export function SettingDialog({ row, registries, onClose }: Props) {
  const [typed, setName] = useState(row?.name ?? '');
  const [place, setMirror] = useState(row?.setting?.mirror ?? '');
  const [insecure, setInsecure] = useState(row?.setting?.insecure ?? false);
  const [pasted, setPem] = useState(row?.setting?.caPem ?? '');
  const { busy, problem, run } = useTask();
  const [name, mirror, pem] = [typed.trim(), place.trim(), pasted.trim()];
  const known = row === null && registries.some((one) => one.name === name);
  const whyNoPem = whyNoCertificate(pem);
  const ready = isHost(name) && !known && (mirror === '' || isHost(mirror)) && whyNoPem === null && !busy;
  const save = () =>
    run(async () => {
      await rpc('set_registry', { registry: { name, mirror: mirror === '' ? null : mirror, insecure, caPem: pem === '' ? null : pem } });
      registriesMoved();
      tell(text.saved(name));
      onClose();
    });
  return (
    <Frame
      title={row === null ? text.addTitle : text.title(row.name)}
      lead={text.lead}
      onSubmit={() => ready && void save()}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="registry-save">{busy ? text.saving : row === null ? text.add : text.save}</button>
        </>
      }
    >
      {row === null && (
        <label className="label">
          {text.name}
          <input className="field" value={typed} onChange={(event) => setName(event.target.value)} spellCheck={false} autoComplete="off" data-testid="registry-name" />
          <span className="t3">{text.nameHint}</span>
          {name !== '' && !isHost(name) && <span className="t3" role="status">{text.form}</span>}
          {known && <span className="t3" role="status">{text.known}</span>}
        </label>
      )}
      <label className="label">
        {text.mirror}
        <input className="field" value={place} onChange={(event) => setMirror(event.target.value)} spellCheck={false} autoComplete="off" data-testid="registry-mirror" />
        <span className="t3">{text.mirrorHint}</span>
        {mirror !== '' && !isHost(mirror) && <span className="t3" role="status">{text.form}</span>}
      </label>
      <div className="label">
        <TickLine checked={insecure} onChange={setInsecure} testId="registry-insecure">{text.insecure}</TickLine>
        <span className="t3">{words.registries.insecureText}</span>
      </div>
      <label className="label">
        {text.certificate}
        <textarea className="field tall mono" rows={5} value={pasted} onChange={(event) => setPem(event.target.value)} spellCheck={false} autoComplete="off" data-testid="registry-pem" />
        {whyNoPem !== null && <span className="t3" role="status">{whyNoPem}</span>}
      </label>
      {problem !== null && <ErrorNote error={problem} testId="registry-error" />}
    </Frame>
  );
}
