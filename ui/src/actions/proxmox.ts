// A row in Proxmox's own page, opened in the user's browser.
import { ExternalLink } from 'lucide-react';
import { words } from '../words/en';
import type { Action } from './registry';
import type { Scope } from './scope';
import { ABLE } from './verdict';

export type ProxmoxActionId = 'open-proxmox';

const text = words.commands.proxmox;

/** The place of a row in the page's own address; the view 18 is the summary of the whole datacenter. */
export function pageOf(scope: Scope): string | null {
  const { one } = scope;
  if (one === null) return null;
  const cluster = scope.clusterOf(one);
  if (cluster === undefined) return null;
  const base = `https://${cluster.address}/#v1:0:`;
  switch (one.kind) {
    case 'cluster':
      return `${base}18`;
    case 'node':
      return `${base}=node%2F${encodeURIComponent(one.name)}`;
    case 'guest':
      return `${base}=lxc%2F${scope.guests[0]?.vmid ?? ''}`;
  }
}

export const PROXMOX_ACTIONS: readonly Action[] = [
  {
    id: 'open-proxmox', icon: ExternalLink, letter: 'o', keys: 'O', ctrl: 'Ctrl O', group: 4,
    shown: (scope) => scope.one !== null,
    label: () => text.open,
    when: (scope) => (pageOf(scope) === null ? { able: false, why: text.noCluster } : ABLE),
    run: (scope) => {
      const page = pageOf(scope);
      if (page !== null) window.open(page, '_blank', 'noopener,noreferrer');
    },
  },
];
