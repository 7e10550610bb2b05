// What Proxmox knows of an LXC: asked when the tab is opened, else the last picture with its age and the reason.
import type { ReactNode } from 'react';
import type { GuestFacts } from '../bindings/GuestFacts';
import type { GuestRow } from '../bindings/GuestRow';
import type { MountFact } from '../bindings/MountFact';
import type { SnapshotFact } from '../bindings/SnapshotFact';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { useNow } from '../live/clock';
import { ErrorNote, Note } from '../parts/Note';
import { Badge, Status } from '../parts/Status';
import { words } from '../words/en';
import { age, bytes, exact } from '../words/format';
import { Used } from './NodePanel';

const text = words.settings;

/** `os`: what its agent found inside, which may be another system than Proxmox was told. */
export function SettingsTab({ row, os }: { row: GuestRow; os: string | null }) {
  const mark = JSON.stringify([row.id, row.node, row.name, row.power, row.lock, row.old]);
  const { answer, problem, loading, again } = useAsked(mark, () => rpc('guest_settings', { guest: row.id }));
  const now = useNow();
  const retry = <button type="button" className="button compact" onClick={again} data-testid="settings-again">{words.tryAgain}</button>;
  return (
    <div className="pt-3" aria-busy={loading}>
      {problem !== null && <div className="px-4 pb-3"><ErrorNote error={problem} action={retry} /></div>}
      {answer?.problem != null && (
        <div className="px-4 pb-3">
          <Note tone="caution" glyph="old" testId="settings-old" action={retry}>
            <p className="medium">{text.unanswered}</p>
            <p className="mono mt-1">{answer.problem}</p>
            <p className="mt-1" title={answer.at === null ? undefined : exact(answer.at)}>{answer.at === null ? text.nothing : text.asOf(exact(answer.at), age(answer.at, now))}</p>
          </Note>
        </div>
      )}
      {answer === null && problem === null && <p className="px-4 small t3" role="status">{text.reading}</p>}
      {answer?.facts != null && <Facts facts={answer.facts} os={os} old={answer.problem !== null} />}
    </div>
  );
}

// What is used is only known of one that runs; Proxmox says 0 of the others.
function Facts({ facts, os, old }: { facts: GuestFacts; os: string | null; old: boolean }) {
  return (
    <div className={old ? 'past-facts' : undefined} data-testid="settings">
      <dl className="pairs px-4 pb-3">
        <Pair name={text.hostname}>{facts.hostname ?? words.none}</Pair>
        <Pair name={text.ostype} title={text.ostypeHint}>{facts.ostype === null ? words.none : text.ostypeWord(facts.ostype)}</Pair>
        <Pair name={text.os}>{os ?? <span className="t3">{text.osUnknown}</span>}</Pair>
        {facts.arch !== null && <Pair name={text.arch}>{facts.arch}</Pair>}
        <Pair name={text.rights}>{facts.unprivileged ? text.unprivileged : text.privileged}</Pair>
        <Pair name={text.features}>{facts.features.length === 0 ? words.none : <span className="hs tight wraps">{facts.features.map((feature) => <Badge key={feature}>{feature}</Badge>)}</span>}</Pair>
        <Pair name={text.pool}>{facts.pool ?? words.none}</Pair>
        <Pair name={text.ha}>{facts.ha ?? text.noHa}</Pair>
        <Pair name={text.snapshot}><Snapshot snapshot={facts.snapshot} old={old} /></Pair>
      </dl>
      <div className="sect ruled"><b>{text.resources}</b></div>
      <dl className="pairs px-4 pb-3">
        <Pair name={text.cores}>{facts.cores ?? text.allCores}</Pair>
        <Pair name={text.memory}>{facts.memory === null ? words.none : bytes(facts.memory)}</Pair>
        <Pair name={text.swap}>{facts.swap === null ? words.none : facts.swap === 0 ? text.noSwap : bytes(facts.swap)}</Pair>
        <Pair name={text.disk}>{facts.disk?.used === 0 ? text.size(bytes(facts.disk.total)) : <Used usage={facts.disk} name={text.disk} />}</Pair>
      </dl>
      <div className="sect ruled"><b>{text.network}</b></div>
      <dl className="pairs px-4 pb-3">
        <Pair name={text.addresses}>{facts.addresses.length === 0 ? text.noAddresses : facts.addresses.map((address, i) => <div key={address} className={i === 0 ? undefined : 't2'}>{address}</div>)}</Pair>
      </dl>
      <div className="sect ruled"><b>{text.mounts}</b>{facts.mounts.length}</div>
      {facts.mounts.map((mount) => <Mount key={mount.key} mount={mount} />)}
    </div>
  );
}

function Pair({ name, title, children }: { name: string; title?: string; children: ReactNode }) {
  return (
    <>
      <dt title={title}>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Snapshot({ snapshot, old }: { snapshot: SnapshotFact; old: boolean }) {
  switch (snapshot.kind) {
    case 'unknown':
      return <Status tone="mute" glyph="unk">{words.state.unknown}</Status>;
    case 'possible':
      return <Status tone={old ? 'mute' : 'ok'} glyph="ok">{text.possible}</Status>;
    case 'impossible':
      return (
        <>
          <Status tone={old ? 'mute' : 'caution'} glyph="lock">{text.impossible}</Status>
          <p className="t2">{snapshot.why}</p>
        </>
      );
  }
}

function Mount({ mount }: { mount: MountFact }) {
  return (
    <div className="item" data-testid={`mount-${mount.key}`}>
      <div className="min-w-0">
        <div className="hs"><span className="id">{mount.key}</span><span className="el t1" title={mount.path}>{mount.path}</span></div>
        <div className="mono t2 el" title={mount.volume}>{mount.volume}</div>
      </div>
      <div className="hs tight mt-0.5">
        {mount.bind && <Badge tone="caution" title={text.bindTitle}>{text.bind}</Badge>}
        {mount.size !== null && <span className="num small t2">{mount.size}</span>}
      </div>
    </div>
  );
}
