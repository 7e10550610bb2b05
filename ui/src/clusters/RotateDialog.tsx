// Another token for a cluster: made on the node, tried here, and only then used in place of the old one.
import { useState } from 'react';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { RotateToken } from '../bindings/RotateToken';
import type { SecretRef } from '../bindings/SecretRef';
import type { TokenCheck } from '../bindings/TokenCheck';
import { CommandError, rpc } from '../host';
import { useAsked } from '../live/asked';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote, Note } from '../parts/Note';
import { words } from '../words/en';
import { useTask } from '../wizard/useTask';
import { CancelButton, Frame } from './Frame';
import { changed, closeDialog } from './state';
import { deletingLine, makingLines, nextTokenId, partsOf } from './tokens';

const text = words.cluster.rotate;

export function RotateDialog({ row }: { row: ClusterRow }) {
  const known = useAsked('', () => rpc('cluster_details', { cluster: row.id }));
  const [done, setDone] = useState<{ old: string; now: string } | null>(null);
  if (done !== null) return <Done old={done.old} now={done.now} version={row.version} />;
  return <Entry row={row} old={known.answer?.token.id ?? null} problem={known.problem} onDone={setDone} />;
}

interface EntryProps {
  row: ClusterRow;
  /** The id of the token in use, once it is known. */
  old: string | null;
  problem: Parameters<typeof ErrorNote>[0]['error'] | null;
  onDone: (done: { old: string; now: string }) => void;
}

function Entry({ row, old, problem: unread, onDone }: EntryProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [secret, setSecret] = useState('');
  // A token that lacks rights can be checked again without entering its secret a second time.
  const [kept, setKept] = useState<SecretRef | null>(null);
  const [check, setCheck] = useState<TokenCheck | null>(null);
  const { busy, problem, run } = useTask();
  const tokenId = typed ?? (old === null ? '' : nextTokenId(old));
  const parts = partsOf(tokenId);
  const ready = parts !== null && (secret.trim() !== '' || kept !== null) && !busy;
  const same = old !== null && tokenId.trim() === old;

  const tried = async (request: RotateToken): Promise<TokenCheck> => {
    try {
      return await rpc('rotate_token', request);
    } catch (thrown) {
      // What Proxmox refuses is not worth trying again.
      if (CommandError.from(thrown).code === 'refused') setKept(null);
      throw thrown;
    }
  };
  const save = () =>
    run(async () => {
      const value = secret.trim();
      setSecret('');
      const ref = value === '' ? kept : await rpc('keep_secret', { value });
      if (ref === null) return;
      setKept(ref);
      const answer = await tried({ cluster: row.id, tokenId: tokenId.trim(), secret: ref });
      if (!answer.enough) return setCheck(answer);
      changed();
      onDone({ old: old ?? '', now: tokenId.trim() });
    });

  return (
    <Frame
      title={text.title}
      lead={text.lead(row.name)}
      onSubmit={() => ready && void save()}
      foot={
        <>
          <CancelButton />
          <button type="submit" className="button primary" disabled={!ready} data-testid="rotate-save">{busy ? text.saving : check === null ? text.save : text.again}</button>
        </>
      }
    >
      {unread !== null && <ErrorNote error={unread} />}
      {parts !== null && !same && check === null && (
        <div>
          <p className="small t2 mb-2">{text.lines}</p>
          <CopyBox text={makingLines(parts).join('\n')} label={text.lines} testId="rotate-lines" />
        </div>
      )}
      <label className="label">
        {words.wizard.token.id}
        <input className="field" value={tokenId} onChange={(event) => setTyped(event.target.value)} spellCheck={false} autoComplete="off" data-testid="rotate-token-id" />
        {tokenId !== '' && parts === null && <span className="t3" role="status">{words.wizard.token.form}</span>}
        {same && <span className="t3" role="status">{text.sameHint}</span>}
      </label>
      <label className="label">
        {words.wizard.token.secret}
        <input className="field" type="password" value={secret} placeholder={kept === null ? '' : words.wizard.token.kept} onChange={(event) => setSecret(event.target.value)} autoComplete="off" data-testid="rotate-secret" />
        <span className="t3">{words.wizard.token.hint}</span>
      </label>
      {check !== null && (
        <>
          <Note tone="caution" glyph="unk" testId="rotate-lacking">
            <p className="medium">{text.notEnough}</p>
            <p className="mono mt-1">{check.privileges.filter((one) => one.required && !one.granted).map((one) => `${one.name} ${one.path}`).join('\n')}</p>
          </Note>
          <div>
            <p className="small t2 mb-2">{text.grant}</p>
            <CopyBox text={check.grant.join('\n')} label={text.grant} testId="rotate-grant" />
          </div>
        </>
      )}
      {problem !== null && <ErrorNote error={problem} testId="rotate-error" />}
    </Frame>
  );
}

function Done({ old, now, version }: { old: string; now: string; version: string | null }) {
  const parts = old === now ? null : partsOf(old);
  return (
    <Frame
      title={text.doneTitle}
      lead={text.doneText(now)}
      onSubmit={closeDialog}
      foot={<button type="submit" className="button primary" data-testid="rotate-done">{text.close}</button>}
    >
      {parts === null ? (
        <p className="small t2">{text.sameId}</p>
      ) : (
        <div>
          <p className="small t2 mb-2">{text.remove}</p>
          <CopyBox text={deletingLine(parts, version)} label={text.remove} testId="rotate-delete" />
        </div>
      )}
    </Frame>
  );
}
