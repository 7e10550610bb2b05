// The words of the tree's groups, of its filter, of its columns, and of saved filters.
import type { Grouping } from '../bindings/Grouping';
import { count, list, plural } from './format';

const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');

const grouping: Record<Grouping, string> = { hierarchy: 'Hierarchy', updateType: 'Update type', severity: 'Severity', package: 'Package' };

export const tree = {
  group: 'Group by', grouping,
  types: { security: 'Security updates', apt: 'APT packages', docker: 'Docker images', unknown: 'Unknown', notUpdated: 'Not updated', upToDate: 'Up to date' },
  /** Why an LXC is not known to be up to date. */
  why: {
    node: 'Its node does not answer.', failed: (reason: string) => `The last scan failed: ${reason}`, stale: 'Known from an earlier time only.', unsure: 'What waits is held or not counted.',
    agent: 'Its agent does not answer.', images: (n: number) => `Nobody could say how ${plural(n, 'image stands', 'images stand')}.`,
  },
  aside: (n: number) => `${count(n)} held, kept back or set aside`, noneAble: 'Nothing of it can be installed there now', old: 'Known from an earlier time only',
  unrated: 'Security, unrated', noneShown: 'None of the LXCs that the filter shows has pending updates that are known.',
  columns: 'Columns', columnsTitle: 'Columns of the tree', lastColumn: 'One column stays',
  filter: {
    placeholder: 'Filter the fleet, for example tag:prod state:running', label: 'Filter the fleet', suggestions: 'Suggestions for the filter',
    remove: (token: string) => `Remove ${token}`, save: 'Save this filter…', by: 'filter',
    strange: (key: string) => `There is no key “${key}”. It is searched as text.`,
    wrong: (key: string, value: string, values: readonly string[]) => `${key} has no “${value}”. There are ${list(values)}.`,
    reading: 'Still reading what this key needs.',
    lxcs,
  },
  /** Behind each key in the list below the field. */
  keys: {
    tag: 'Tag in Proxmox', state: 'How it stands', node: 'Name of its node', cluster: 'Name of its cluster', severity: 'A pending update of it', image: 'An image that it uses',
    package: 'A package that waits', agent: 'How its agent stands', type: 'What kind of update waits',
  },
  /** What each value of a closed key means. */
  values: {
    state: {
      running: 'Runs, as far as its node says now', stopped: 'Does not run', locked: 'Locked by Proxmox', template: 'A template', busy: 'An operation runs on it', unreachable: 'Its node or its agent does not answer',
      updates: 'Packages wait, also from an earlier time', security: 'Security updates wait', images: 'Images have an update', approved: 'Approved updates wait', held: 'Packages are held or kept back',
      uptodate: 'Looked at and nothing waits', stale: 'Known from an earlier time only', error: 'The last scan failed', unknown: 'Nobody can say what waits',
    },
    severity: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', unrated: 'Security, without a grade', other: 'No security updates' },
    agent: { online: 'Answers', via: 'Answers through its node', older: 'Older than the one RedFlag has', offline: 'Does not answer', off: 'Its LXC does not run', missing: 'Not installed' },
    type: { security: 'Security updates', apt: 'APT packages', docker: 'Docker images', unknown: 'Nobody can say', notupdated: 'Never updated, such as templates', uptodate: 'Nothing waits' },
  },
  saved: {
    title: 'Saved filters', more: (name: string) => `More about the filter ${name}`, lxcs: (n: number) => (n === 1 ? 'LXC' : 'LXCs'), saveTitle: 'Save this filter', saveLead: 'It appears in the side bar, with the grouping of now.', renameTitle: 'Rename the saved filter', renameLead: (filter: string) => (filter === '' ? 'It shows the whole fleet.' : filter),
    name: 'Name', save: 'Save', replace: 'Replace', rename: 'Rename', taken: 'There is one with this name. It is replaced.', takenElse: 'There is another one with this name.', long: 'At most 200 letters.', longFilter: 'This filter is too long to be kept: at most 200 letters.', many: 'There are 50 saved filters. Remove one first.',
    actions: { rename: 'Rename…', up: 'Move up', down: 'Move down', remove: 'Remove' }, first: 'It is the first already', last: 'It is the last already',
    done: (name: string) => `Filter “${name}” saved.`, removed: (name: string) => `Filter “${name}” removed.`, cannotRestore: (name: string) => `Filter “${name}” cannot come back: its name, or the last of the 50 places, is taken.`,
  },
} as const;
