// The words of registries: how each is asked, as whom, and what it says of that.
import { count, plural } from './format';

const logins = (n: number) => plural(n, 'login', 'logins');

export const registries = {
  label: 'Registries', sealed: 'Passwords are sealed on this computer and not shown again.',
  columns: { name: 'Registry', images: 'Images', user: 'Asked', state: 'State', how: 'How', more: 'More' },
  user: (name: string) => `As ${name}`, anonymous: 'Anonymously', usual: 'In the usual way', mirror: (at: string) => `Through ${at}`, insecure: 'Without encryption', certificate: 'Own certificate', menu: (name: string) => `More about ${name}`,
  left: (remaining: number, limit: number) => `${count(remaining)} of ${count(limit)} left`, whole: (left: string, at: string) => `${left}, whole again ${at}`, wholeSince: (at: string) => `Whole again since ${at}`, toldAt: (at: string) => `Told at ${at}`,
  none: 'No registries yet', noneText: 'Registries appear here once images of theirs are in use. Add one to say beforehand how it is asked.',
  insecureText: 'Everything goes over the network readable, the password too, and whoever sits between can change the answers. Only for a registry in a network of your own.',
  actions: {
    add: 'Add a registry…', find: 'Read Docker’s and Podman’s logins…', change: 'Change how it is asked…', login: 'Set login…', relogin: 'Change login…', logout: 'Remove login', usual: 'Ask in the usual way again',
    noLogin: 'It is asked anonymously', isUsual: 'It is asked in the usual way', loggedOut: (name: string) => `${name} is asked anonymously.`, usualAgain: (name: string) => `${name} is asked in the usual way.`,
  },
  setting: {
    title: (name: string) => `How ${name} is asked`, addTitle: 'Add a registry', lead: 'What is empty stays as usual: the registry itself, encrypted, with a certificate that this computer trusts.',
    name: 'Name', nameHint: 'As images name it: registry.lan:5000 of registry.lan:5000/tool:2. Without a port it is asked at 443.', known: 'This registry is in the list already.', form: 'A host, or a host and a port, and nothing else.',
    mirror: 'Mirror', mirrorHint: 'Who is asked in its place, and holds the same: mirror.lan or mirror.lan:5000.', insecure: 'Without encryption', certificate: 'Certificate beside those that this computer trusts, as PEM', certificateForm: 'A certificate begins with -----BEGIN CERTIFICATE-----.', privateKey: 'This is a private key. It stays with the registry: RedFlag needs the certificate only.',
    save: 'Save', add: 'Add', saving: 'Saving…', saved: (name: string) => `${name} is asked like this from now on.`,
  },
  login: {
    title: (name: string) => `Login of ${name}`, lead: 'As whom RedFlag asks from now on. An access token that may only read is enough, and better than a password.', user: 'User', password: 'Password or access token', kept: 'Kept. Enter it again only to replace it.', hint: 'It goes straight into the sealed store and is not shown again.', insecure: (name: string) => `${name} is asked without encryption: the password goes over the network readable.`,
    save: 'Use this login', saving: 'Saving…', saved: (name: string, user: string) => `${name} is asked as ${user} from now on.`,
  },
  found: {
    title: 'Logins of Docker and Podman', lead: 'Found in files of this computer’s user. Passwords of those that you take over are sealed and not shown again; the files stay as they are.', reading: 'Reading the files.', list: 'Logins that were found', none: 'No login was found. Docker and Podman write one when you log in on this computer.',
    noUser: 'No user named', problem: (why: string) => `Cannot be taken over: ${why}`, replaces: (user: string) => `Replaces the login of ${user}`, tick: (registry: string, user: string | null, file: string) => `Take over ${registry}${user === null ? '' : ` as ${user}`} from ${file}`,
    take: (n: number) => (n === 0 ? 'Take over' : `Take over ${logins(n)}`), taking: 'Taking over…', taken: (n: number) => `${logins(n)} taken over.`,
  },
} as const;
