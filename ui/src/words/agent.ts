// The words of an LXC's agent and of its way to this computer.
import { plural } from './format';

export const agentTab = {
  tab: 'Agent', state: 'Agent', version: 'Version', older: 'older than this RedFlag', way: 'Way', direct: 'Directly', via: (node: string) => `Through ${node}, by SSH`, seen: 'Last heard',
  trouble: (why: string) => `It was not heard through its node either: ${why}`,
  connection: 'Connection', tryIt: 'Check connection', trying: 'Checking…', tryHint: 'Tries from inside the LXC whether it reaches this computer, and names what is in the way.', cannotTry: 'Only while the LXC runs and its node answers.', open: (at: string) => `It reaches this computer at ${at}.`,
  thisComputer: 'This computer', port: 'Port', addresses: 'Addresses', noAddress: 'No network', change: 'Change port…', fixed: 'set by REDFLAG_GATEWAY_BIND', newPort: 'New port', portHint: 'For all agents. They learn it with their next call; until then the present port is heard as well.', save: 'Use this port',
  former: (port: number, n: number) => `Port ${port} is heard as well, until ${plural(n, 'agent has', 'agents have')} learnt the new one.`,
} as const;
