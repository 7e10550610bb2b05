// What the tree does not show of a cluster: addresses, token, certificates, and what can be done with it.
import type { ReactNode } from 'react';
import { type ActionId, action } from '../actions/registry';
import { scopeOfRow } from '../actions/scope';
import type { ClusterDetails } from '../bindings/ClusterDetails';
import type { ClusterRow } from '../bindings/ClusterRow';
import type { TokenFacts } from '../bindings/TokenFacts';
import { openDialog } from '../clusters/state';
import { useNow } from '../live/clock';
import { clusterKey } from '../live/fleet';
import { useLive } from '../live/store';
import { CopyButton } from '../parts/CopyBox';
import { inGroups } from '../parts/fingerprint';
import { Note } from '../parts/Note';
import { Badge } from '../parts/Status';
import { words } from '../words/en';
import { age, dayOf, exact } from '../words/format';

const text = words.cluster;

export function ClusterFacts({ row, details }: { row: ClusterRow; details: ClusterDetails }) {
  const [entry] = details.addresses;
  return (
    <>
      <Section title={text.addresses} buttons={<><Do id="test" row={row} /><Do id="edit" row={row} /></>}>
        {details.addresses.map((address) => (
          <p key={address} className="hs small px-4 py-0.5" data-testid={`address-${address}`}>
            <span className="el">{address}</span>
            {address === entry && details.addresses.length > 1 && <Badge>{text.entry}</Badge>}
            {address === row.address && details.addresses.length > 1 && <Badge>{text.inUse}</Badge>}
          </p>
        ))}
      </Section>
      <Section title={text.token} buttons={<Do id="rotate" row={row} />}>
        <Token token={details.token} cluster={row.id} />
      </Section>
      <Section title={text.certificates} more={text.sha}>
        {details.certificates.map((one) => (
          <Print key={one.sha256} value={one.sha256} testId="accepted" under={one.node === null ? null : text.shownBy(one.node)} />
        ))}
      </Section>
      <Section title={text.authority} more={text.sha}>
        {details.authority === null ? (
          <p className="small t2 px-4">{text.noAuthority}</p>
        ) : (
          <Print value={details.authority} testId="authority" under={text.authorityText} />
        )}
      </Section>
      <Section title={text.life}>
        <div className="hs px-4">
          <Do id="discover" row={row} />
          <Do id="switch" row={row} />
          <Do id="remove" row={row} />
        </div>
      </Section>
    </>
  );
}

function Section({ title, more, buttons, children }: { title: string; more?: string; buttons?: ReactNode; children: ReactNode }) {
  return (
    <section className="pb-3" aria-label={title}>
      <div className="sect ruled"><b>{title}</b><span className="fill" />{more}{buttons}</div>
      {children}
    </section>
  );
}

/** An action of the registry as a small button, with its reason where it cannot be done. */
function Do({ id, row }: { id: ActionId; row: ClusterRow }) {
  const scope = useLive((live) => live.fleet.clusters.has(clusterKey(row.id)));
  const one = action(id);
  const at = () => scopeOfRow(useLive.getState().fleet, clusterKey(row.id), false);
  const now = scope ? at() : null;
  if (now === null) return null;
  const verdict = one.when(now);
  return (
    <button
      type="button"
      className="button compact"
      aria-disabled={!verdict.able}
      title={verdict.able ? (verdict.note ?? undefined) : verdict.why}
      onClick={() => {
        const scope = at();
        if (verdict.able && scope !== null) one.run(scope);
      }}
      data-testid={`cluster-${id}-button`}
    >
      {one.label(now)}
    </button>
  );
}

function Token({ token, cluster }: { token: TokenFacts; cluster: string }) {
  const now = useNow();
  const { expiresAt } = token;
  return (
    <>
      <dl className="pairs px-4">
        <dt>{text.tokenId}</dt>
        <dd className="mono" data-testid="token-id">{token.id}</dd>
        <dt>{text.entered}</dt>
        <dd title={exact(token.enteredAt)}>{`${dayOf(token.enteredAt)}, ${text.since(age(token.enteredAt, now))}`}</dd>
        <dt>{text.expires}</dt>
        <dd title={expiresAt === null ? undefined : exact(expiresAt)}>{expiresAt === null ? text.noExpiry : dayOf(expiresAt)}</dd>
      </dl>
      {token.rotate && (
        <div className="px-4 pt-2">
          <Note tone="caution" glyph="old" testId="token-rotate" action={<button type="button" className="link small" onClick={() => openDialog('rotate', cluster)}>{text.actions.rotate}</button>}>
            {expiresAt === null ? text.old : expiresAt < now ? text.expired(dayOf(expiresAt)) : nearlyOver(expiresAt, now) ? text.expiring(dayOf(expiresAt)) : text.old}
          </Note>
        </div>
      )}
    </>
  );
}

/** The reminder is for two things; which of them it is can only be told from the date. */
const NEARLY_MS = 31 * 86_400_000;
const nearlyOver = (at: number, now: number): boolean => at - now < NEARLY_MS;

function Print({ value, under, testId }: { value: string; under: string | null; testId: string }) {
  return (
    <div className="px-4 pb-1" data-testid={testId} data-value={value}>
      <div className="hs high">
        <div className="print fill">{inGroups(value, 2).map((line) => <div key={line}>{line}</div>)}</div>
        <CopyButton text={value} />
      </div>
      {under !== null && <p className="small t3">{under}</p>}
    </div>
  );
}
