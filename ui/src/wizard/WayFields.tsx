// What else can open a node and how else its LXCs can be entered: behind one disclosure, for those who need it.
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { AccessEntry } from '../bindings/AccessEntry';
import type { AccessKey } from '../bindings/AccessKey';
import type { AccessWay } from '../bindings/AccessWay';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { Choice } from '../parts/Choice';
import { CopyBox } from '../parts/CopyBox';
import { ErrorNote } from '../parts/Note';
import { words } from '../words/en';

const text = words.wizard.access.ways;
const KEYS: readonly AccessKey['kind'][] = ['own', 'file', 'agent'];
const ENTRIES: readonly AccessEntry[] = ['attach', 'sudo', 'wrapper'];
const FRESH: Record<AccessKey['kind'], AccessKey> = { own: { kind: 'own' }, file: { kind: 'file', path: '~/.ssh/id_ed25519' }, agent: { kind: 'agent', socket: null, only: null } };
/** Someone who types is not asked for at every letter. */
const TYPING_MS = 300;

interface Props {
  id: string;
  node: string;
  user: string;
  way: AccessWay;
  /** Nodes of the cluster that are connected. */
  gates: readonly string[];
  open: boolean;
  onOpen: (open: boolean) => void;
  onWay: (way: AccessWay) => void;
}

export function WayFields({ id, node, user, way, gates, open, onOpen, onWay }: Props) {
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <div className="px-4 pb-3">
      <button type="button" className="link small hs" aria-expanded={open} onClick={() => onOpen(!open)} data-testid={`${id}-more`}>
        <Chevron className="icon small" aria-hidden />
        {text.more}
      </button>
      {open && (
        <div className="grid gap-3 pt-3">
          <Choice label={text.with} value={way.key.kind} options={KEYS.map((kind) => [kind, text.keys[kind]])} onChange={(kind) => onWay({ ...way, key: FRESH[kind] })} testId={`${id}-with`} />
          <KeyFields id={id} value={way.key} onKey={(key) => onWay({ ...way, key })} />
          <Choice label={text.enter} value={way.entry} options={ENTRIES.map((entry) => [entry, text.entries[entry]])} hint={text.entryHint[way.entry]} onChange={(entry) => onWay({ ...way, entry })} testId={`${id}-enter`} />
          {way.entry !== 'attach' && <Lines id={id} node={node} user={user} entry={way.entry} value={way.key} />}
          <Through id={id} gates={gates} through={way.through} onThrough={(through) => onWay({ ...way, through })} />
        </div>
      )}
    </div>
  );
}

function KeyFields({ id, value, onKey }: { id: string; value: AccessKey; onKey: (key: AccessKey) => void }) {
  if (value.kind === 'own') return null;
  const [label, hint, shown] = value.kind === 'file' ? [text.file, text.fileHint, value.path] : [text.only, text.onlyHint, value.only ?? ''];
  const put = (written: string) => onKey(value.kind === 'file' ? { kind: 'file', path: written } : { ...value, only: written.trim() === '' ? null : written.trim() });
  return (
    <label className="label max-w-120">
      {label}
      <input className="field" value={shown} onChange={(event) => put(event.target.value)} spellCheck={false} autoComplete="off" data-testid={`${id}-${value.kind === 'file' ? 'file' : 'only'}`} />
      <span className="t3">{hint}</span>
    </label>
  );
}

/** The lines that let the key in with less than root's rights. */
function Lines({ id, node, user, entry, value }: { id: string; node: string; user: string; entry: AccessEntry; value: AccessKey }) {
  const request = { entry, user: user.trim(), key: value };
  const { answer, problem, loading } = useAsked(JSON.stringify(request), () => rpc('access_setup', request), TYPING_MS);
  if (problem !== null && !loading) return <ErrorNote error={problem} testId={`${id}-lines-error`} />;
  // Lines for another account or key would let the wrong one in.
  if (answer === null || loading) return <p className="small t3" role="status">{text.linesBusy}</p>;
  return (
    <div>
      <p className="small t2 mb-2">{text.lines(node)}</p>
      <CopyBox text={answer.lines} label={text.lines(node)} testId={`${id}-lines`} />
    </div>
  );
}

function Through({ id, gates, through, onThrough }: { id: string; gates: readonly string[]; through: string | null; onThrough: (node: string | null) => void }) {
  return (
    <label className="label max-w-120">
      {text.through}
      <select className="field" value={through ?? ''} disabled={gates.length === 0} onChange={(event) => onThrough(event.target.value === '' ? null : event.target.value)} data-testid={`${id}-through`}>
        <option value="">{text.directly}</option>
        {gates.map((gate) => <option key={gate} value={gate}>{gate}</option>)}
      </select>
      {gates.length === 0 && <span className="t3">{text.noThrough}</span>}
    </label>
  );
}
