// Where the data lies, copies of it to go back to, and what can be taken out.
import { useState } from 'react';
import { fail, tell } from '../app/notices';
import type { Backup } from '../bindings/Backup';
import type { DataInfo } from '../bindings/DataInfo';
import type { ExportFormat } from '../bindings/ExportFormat';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { useNow } from '../live/clock';
import { CopyButton } from '../parts/CopyBox';
import { Note } from '../parts/Note';
import { Trouble } from '../updates/Trouble';
import { useTask } from '../wizard/useTask';
import { words } from '../words/en';
import { age, bytes, exact } from '../words/format';
import { Card, Row } from './parts';
import { RestoreDialog } from './RestoreDialog';

const text = words.settingsPages.data;

export function DataPage() {
  const asked = useAsked('', () => rpc('data_info', {}));
  const [restoring, setRestoring] = useState<Backup | null>(null);
  const { answer } = asked;
  return (
    <>
      <div className="wide bare"><Trouble asked={asked} testId="data-error" /></div>
      <div className="stack">
        <Card title={text.where}>
          {answer === null && asked.problem === null && <Row name={<span className="t3" role="status">{text.reading}</span>} />}
          {answer !== null && (
            <>
              <Row name={text.folder} hint={<span className="mono selectable" data-testid="data-folder">{answer.folder}</span>}><CopyButton text={answer.folder} testId="copy-folder" /></Row>
              <Row name={text.size}><span className="num t2">{text.sizeText(answer.bytes)}</span></Row>
            </>
          )}
        </Card>
        <Exports />
      </div>
      {answer !== null && <Copies info={answer} onAgain={asked.again} onRestore={setRestoring} />}
      {restoring !== null && <RestoreDialog backup={restoring} onClose={() => setRestoring(null)} onDone={asked.again} />}
    </>
  );
}

interface CopiesProps {
  info: DataInfo;
  onAgain: () => void;
  onRestore: (backup: Backup) => void;
}

function Copies({ info, onAgain, onRestore }: CopiesProps) {
  const now = useNow();
  const { busy, run } = useTask();
  const make = () =>
    run(async () => {
      try {
        const made = await rpc('make_backup', {});
        tell(words.commands.window.backedUp(made.name, bytes(made.bytes)));
        onAgain();
      } catch (thrown) {
        fail(thrown);
      }
    });
  const waiting = info.backups.find((one) => one.name === info.restore);
  return (
    <Card title={text.copies} aside={<button type="button" className="button compact" aria-disabled={busy} onClick={() => void make()} data-testid="backup-now">{busy ? text.backingUp : text.backup}</button>}>
      <p className="set-lead">{text.copiesHint}</p>
      {info.restore !== null && <div className="set-note"><Note tone="caution" glyph="back" testId="restore-waits">{waiting === undefined ? text.waitingUnknown(info.restore) : text.waiting(exact(waiting.at))}</Note></div>}
      {info.backups.length === 0 && <Row name={<span className="t2">{text.none}</span>} />}
      {info.backups.map((one) => (
        <Row key={one.name} name={exact(one.at)} hint={`${text.ago(age(one.at, now))} · ${bytes(one.bytes)}`} testId={`backup-${one.name}`}>
          <button type="button" className="button compact" aria-label={text.restoreOf(text.ago(age(one.at, now)))} onClick={() => onRestore(one)} data-testid={`restore-${one.name}`}>{text.restore}</button>
        </Row>
      ))}
    </Card>
  );
}

function Exports() {
  const { busy, run } = useTask();
  const write = (ask: () => Promise<string>) =>
    run(async () => {
      try {
        tell(text.exported(await ask()));
      } catch (thrown) {
        fail(thrown);
      }
    });
  const fleet = () => write(async () => (await rpc('export_fleet', {})).path);
  const history = (format: ExportFormat) => write(async () => (await rpc('export_receipts', { search: '', format })).path);
  return (
    <Card title={text.export}>
      <Row name={text.fleet} hint={text.fleetHint}>
        <button type="button" className="button compact" aria-disabled={busy} onClick={() => void fleet()} data-testid="export-fleet">{text.exportFleet}</button>
      </Row>
      <Row name={text.history} hint={text.historyHint}>
        {(['csv', 'json'] as const).map((format) => <button key={format} type="button" className="button compact" aria-disabled={busy} aria-label={text.historyAs(text[format])} onClick={() => void history(format)} data-testid={`export-history-${format}`}>{text[format]}</button>)}
      </Row>
    </Card>
  );
}
