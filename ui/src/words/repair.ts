// The words of repairing an interrupted run of the package manager.
export const repair = {
  kind: 'Repair packages', done: 'Repaired', title: (lxcs: string) => `Repair packages of ${lxcs}`,
  action: 'Repair packages…', can: 'have packages to repair', sound: 'Its package database is sound',
  head: 'What dpkg says', row: 'An earlier run was interrupted', fail: 'Nothing is removed. What cannot be configured is named, and stays as it is.',
  list: ['Wait until no other package manager is at work', 'Configure what was unpacked: dpkg --configure -a', 'Fetch what is still missing for it: apt-get --fix-broken install, without removing anything', 'Check the package database and the services that ran before'],
} as const;
