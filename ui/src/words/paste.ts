// The words of installing agents by a command that is pasted into a node's shell.
import { count, plural } from './format';

const lxcs = (n: number) => plural(n, 'LXC', 'LXCs');

export const paste = {
  action: (many: boolean) => (many ? 'Install agents by pasted command…' : 'Install agent by pasted command…'), can: 'can get an agent',
  title: 'Install by pasted command', making: 'Making the command. Nothing is changed.',
  lead: (nodes: number) => (nodes === 1 ? 'You run one command on the node, so RedFlag needs no way into it.' : `You run one command on each of ${count(nodes)} nodes, so RedFlag needs no way into them.`),
  nothing: 'None of these LXCs can get an agent now.',
  head: (node: string, n: number) => `${node}, ${lxcs(n)}`,
  what: 'It fetches the agent from this computer, after it has compared this computer’s certificate, and installs it in the LXCs below.',
  where: (node: string) => `Run it as root on ${node}, for example in Proxmox’s web page: the node, then Shell.`,
  until: (at: string) => `Good once, until ${at}`, over: (at: string) => `Not used. Its hour was over at ${at}`, fetched: (by: string, at: string) => `Fetched by ${by} at ${at}`,
  stay: 'RedFlag must stay open until the agents have reported.',
  states: { waiting: 'Waiting for the command', installing: 'Waiting for its agent', enrolled: (at: string) => `Connected at ${at}`, leftOut: 'Left out' },
  done: (n: number) => (n === 1 ? 'The agent is connected.' : `All ${count(n)} agents are connected.`), again: 'Make a new command', failedThere: 'The node’s shell says what did not work in an LXC.', notIn: 'Not in this command',
} as const;
