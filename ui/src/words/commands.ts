// The words of the command palette, the menu bar, the keys, and what is done to the whole fleet.
import { count, plural } from './format';

const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');

export const commands = {
  proxmox: { open: 'Open in Proxmox', noCluster: 'Its cluster is not known' },
  mute: {
    mute: (n: number) => (n === 1 ? 'Mute messages' : `Mute messages of ${lxcs(n)}`), unmute: (n: number) => (n === 1 ? 'Tell about it again' : `Tell about ${lxcs(n)} again`),
    muted: (name: string) => `No messages about ${name} until you unmute it.`, unmuted: (name: string) => `Messages about ${name} are shown again.`,
  },
  fleet: {
    security: 'Security updates only…', securityAll: 'Update all, security only…', images: 'Docker images…', imagesAll: 'Update all images…', all: 'All updates…', updateAll: 'Update all…', shown: 'Updates of what is shown…', byType: 'View by update type', more: 'More ways to update', noSecurity: 'No security updates are known', narrow: 'Only what the filter shows', checkImages: 'Check images now',
  },
  window: {
    go: (view: string) => `Go to ${view}`, group: { hierarchy: 'Group by hierarchy', updateType: 'Group by update type', severity: 'Group by severity', package: 'Group by package' },
    groupShort: { hierarchy: 'Hierarchy', updateType: 'Update type', severity: 'Severity', package: 'Package' },
    theme: { system: 'Theme: as the system', dark: 'Theme: dark', light: 'Theme: light' }, themeShort: { system: 'As the system', dark: 'Dark', light: 'Light' },
    contrast: 'High contrast', compact: 'Compact rows', motion: 'Reduced motion', larger: 'Zoom in', smaller: 'Zoom out', usual: 'Usual size', atMost: 'It is at its largest', atLeast: 'It is at its smallest', isUsual: 'It is the usual size',
    drawer: 'Operations below the fleet', onlyFleet: 'Only in Fleet', filter: 'Find in the fleet', selectAll: 'Select all shown LXCs', clear: 'Clear the selection', nothingShown: 'No LXC is shown', nothingChosen: 'Nothing is selected',
    settings: 'Settings', page: (name: string) => `Settings: ${name}`, shortcuts: 'Keyboard shortcuts', about: 'About RedFlag', backup: 'Back up now', backedUp: (name: string, size: string) => `Backed up: ${name}, ${size}.`,
    pause: 'Pause messages for an hour', pauseNight: 'Pause messages until tomorrow 08:00', resume: 'Tell me again', paused: (until: string) => `No messages until ${until}.`, resumed: 'Messages are shown again.', notPaused: 'Messages are not paused', off: 'Messages are off',
    commands: 'Commands', nextRegion: 'Next region', lastRegion: 'Region before', menu: 'Menu',
  },
  palette: {
    title: 'Commands', find: 'Type a command, or the name or number of an LXC', open: 'Commands', none: (text: string) => `Nothing matches “${text}”.`, capped: (n: number) => `The best ${count(n)} are shown. Type more to narrow them down.`,
    groups: { recent: 'Used before', row: (name: string) => `On ${name}`, fleet: 'Fleet', window: 'Window', places: 'Clusters, nodes and LXCs' }, kinds: { cluster: 'Cluster', node: 'Node', guest: 'LXC' }, at: (node: string, cluster: string) => `${node} · ${cluster}`, number: (vmid: number) => String(vmid),
    shown: (n: number) => plural(n, 'entry', 'entries'),
  },
  menus: { label: 'Menu', file: 'File', selection: 'Selection', view: 'View', actions: 'Actions', help: 'Help', grouping: 'Group by', theme: 'Theme', goTo: 'Go to', zoom: (percent: string) => `Zoom, now ${percent}`, noScope: 'Choose a row of the fleet first', on: (name: string) => `Actions on ${name}` },
  keys: {
    title: 'Keyboard shortcuts', lead: 'Single letters work while the tree has the focus. Everything else works everywhere.', leadOff: 'Single letters are switched off in Settings, Appearance. The Ctrl keys do the same.', regions: { everywhere: 'Everywhere', rows: 'On the chosen row', tree: 'In the tree', list: 'In menus and lists' }, close: 'Close', or: 'or',
    tree: [
      ['↑ ↓', 'Row before, next row'], ['→', 'Open, then the first below, then the cells'], ['←', 'Close, then the row above'], ['Home End', 'First row, last row'], ['Page Up Page Down', 'One screen'], ['Space', 'Select the row'], ['Shift ↑ ↓', 'Extend the selection'],
      ['*', 'Open all of this level'], ['/', 'Find in the fleet'], ['Shift F10', 'Menu of the row'], ['Esc', 'Clear the selection, then close the panel, then clear the filter'],
    ] as const,
  },
} as const;
