// LXCs about which no message is shown.
import { BellOff, BellRing } from 'lucide-react';
import { tell } from '../app/notices';
import type { GuestRow } from '../bindings/GuestRow';
import { prefer, usePreferences } from '../live/preferences';
import { words } from '../words/en';
import type { Action } from './registry';
import { ABLE } from './verdict';

export type MutingActionId = 'mute' | 'unmute';

const text = words.commands.mute;

const isMuted = (guest: GuestRow): boolean => usePreferences.getState().messages.muted.includes(guest.id);
const isHeard = (guest: GuestRow): boolean => !isMuted(guest);

export function unmute(guests: readonly string[]): void {
  void prefer(({ messages }) => ({ messages: { ...messages, muted: messages.muted.filter((one) => !guests.includes(one)) } }));
}

function mute(guests: readonly string[]): void {
  void prefer(({ messages }) => ({ messages: { ...messages, muted: [...new Set([...messages.muted, ...guests])] } }));
}

const named = (guests: readonly GuestRow[]): string => (guests.length === 1 ? (guests[0]?.name ?? '') : words.lxcs(guests.length));

// A node or cluster has no message of its own to mute: it is about its LXCs.
const common = { letter: null, keys: null, group: 4, when: () => ABLE } as const;

export const MUTING_ACTIONS: readonly Action[] = [
  {
    ...common, id: 'mute', icon: BellOff,
    shown: ({ guests }) => guests.some(isHeard),
    label: ({ guests }) => text.mute(guests.filter(isHeard).length),
    run: ({ guests }) => {
      const heard = guests.filter(isHeard);
      mute(heard.map((guest) => guest.id));
      tell(text.muted(named(heard)));
    },
  },
  {
    ...common, id: 'unmute', icon: BellRing,
    shown: ({ guests }) => guests.some(isMuted),
    label: ({ guests }) => text.unmute(guests.filter(isMuted).length),
    run: ({ guests }) => {
      const muted = guests.filter(isMuted);
      unmute(muted.map((guest) => guest.id));
      tell(text.unmuted(named(muted)));
    },
  },
];
