// The words of the history: receipts over the fleet.
import { count, plural } from './format';

export const receipts = {
  title: 'History', lead: 'What RedFlag changed, newest first.', search: 'Search LXC, package, version or person', searchLabel: 'Search the history', clearSearch: 'Clear the search', again: 'Read again',
  columns: { number: 'Number', lxc: 'LXC', what: 'What', outcome: 'Result', who: 'Approved by', when: 'When' },
  reading: 'Reading the history.', none: 'Nothing was changed yet', noneText: 'Each update leaves a receipt here: what changed, who approved it, and how it ended.', noMatch: (text: string) => `Nothing matches “${text}”.`,
  more: 'Show more', loadingMore: 'Reading more…', shown: (n: number, more: boolean) => (more ? `The newest ${count(n)}` : `${count(n)} in all`), open: (number: number) => `Receipt #${number}`,
  csv: 'Export CSV', json: 'Export JSON', exported: (n: number, path: string) => `${plural(n, 'receipt', 'receipts')} written to ${path}`,
} as const;
