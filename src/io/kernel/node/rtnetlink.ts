// Routing inside a namespace: the rule and the local route that deliver packets with our mark (linux/rtnetlink.h, linux/fib_rules.h).
// Touches only rules of our mark and the routes of our table.
import { agentMark, routingPriority, routingTable } from '../../../core/plan/node-constants.ts';
import { family } from '../linux.ts';
import {
  netlinkFlag,
  netlinkMessage,
  numberAttribute,
  readAttributes,
  type NetlinkAnswer,
} from './netlink-message.ts';
import { listAll, mustSucceed, netlinkProtocol, type Netlink, type NetlinkSocket } from './netlink.ts';
import type { Netns } from './netns.ts';

/** RTM_*. */
const message = {
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newRule: 32,
  deleteRule: 33,
  getRule: 34,
} as const;
/** FRA_*. */
const ruleAttribute = { priority: 6, mark: 10, table: 15 } as const;
/** RTA_*. */
const routeAttribute = { interfaceIndex: 4, table: 15 } as const;
/** FR_ACT_TO_TBL, RTPROT_STATIC, RT_SCOPE_HOST, RTN_LOCAL. */
const [toTable, staticProtocol, hostScope, localType] = [1, 4, 254, 2] as const;
/** The loopback interface is the first of every namespace. */
const loopbackIndex = 1;
/** Bytes of fib_rule_hdr and rtmsg. */
const routeHeadBytes = 12;
const exists = 17;
/** ENOENT (no such rule), ESRCH (no such route). */
const absent: readonly number[] = [2, 3];
/** What the kernel answers where IPv6 is not built in (EAFNOSUPPORT, EOPNOTSUPP) or switched off (EACCES). */
const withoutFamily: readonly number[] = [97, 95, 13];

/** Which families' packets our mark delivers. */
export interface MarkRouting {
  readonly ipv4: boolean;
  /** False where the namespace has no IPv6. */
  readonly ipv6: boolean;
}

const headOf = (of: number): Buffer => Buffer.concat([Buffer.from([of])], routeHeadBytes);

function ruleMessage(type: number, flags: number, of: number): Buffer {
  return netlinkMessage({
    type,
    flags: flags | netlinkFlag.acknowledge,
    head: Buffer.from([of, 0, 0, 0, 0, 0, 0, toTable, 0, 0, 0, 0]),
    list: [
      [ruleAttribute.mark, agentMark],
      [ruleAttribute.table, routingTable],
      [ruleAttribute.priority, routingPriority],
    ],
  });
}

function routeMessage(type: number, flags: number, of: number): Buffer {
  return netlinkMessage({
    type,
    flags: flags | netlinkFlag.acknowledge,
    head: Buffer.from([of, 0, 0, 0, 0, staticProtocol, hostScope, localType, 0, 0, 0, 0]),
    list: [
      [routeAttribute.table, routingTable],
      [routeAttribute.interfaceIndex, loopbackIndex],
    ],
  });
}

const families = [
  ['ipv4', family.inet],
  ['ipv6', family.inet6],
] as const;

/** True when both are in place, false when the namespace lacks the family. */
function addFamily(socket: NetlinkSocket, name: keyof MarkRouting, of: number): boolean {
  const create = netlinkFlag.create | netlinkFlag.exclusive;
  for (const [doing, request] of [
    ['add the routing rule for our mark', ruleMessage(message.newRule, create, of)],
    [
      'add the local route for our mark (is the loopback interface up?)',
      routeMessage(message.newRoute, create, of),
    ],
  ] as const) {
    const answer = socket.request(request);
    if (name === 'ipv6' && withoutFamily.includes(answer)) return false;
    if (answer !== exists) mustSucceed(doing, answer);
  }
  return true;
}

/** Removes every copy of our rule; others' rules have another mark or table. */
function removeFamily(socket: NetlinkSocket, of: number): void {
  const gone = [...absent, ...withoutFamily];
  const remove = (doing: string, request: Buffer): void => {
    for (let copies = 0; copies < 16; copies++) {
      const answer = socket.request(request);
      if (gone.includes(answer)) return;
      mustSucceed(doing, answer);
    }
  };
  remove('remove the routing rule of our mark', ruleMessage(message.deleteRule, 0, of));
  remove('remove the local route of our mark', routeMessage(message.deleteRoute, 0, of));
}

/** Puts rule and route in place for both families; what is there already stays. @throws AppError; then some may be in place. */
export function addMarkRouting(netlink: Netlink, netns: Netns): MarkRouting {
  return netlink.withSocket(netns, netlinkProtocol.route, (socket) => {
    const ipv4 = addFamily(socket, 'ipv4', family.inet);
    const ipv6 = addFamily(socket, 'ipv6', family.inet6);
    // Half of IPv6 (a rule, no route) is nothing.
    if (!ipv6) removeFamily(socket, family.inet6);
    return { ipv4, ipv6 };
  });
}

/** Takes them away again; what is not there is no error. */
export function removeMarkRouting(netlink: Netlink, netns: Netns): void {
  netlink.withSocket(netns, netlinkProtocol.route, (socket) => {
    for (const [, of] of families) removeFamily(socket, of);
  });
}

const listRules = (socket: NetlinkSocket, of: number): readonly NetlinkAnswer[] =>
  listAll(socket, 'list routing rules', { type: message.getRule, head: headOf(of) });
const listRoutes = (socket: NetlinkSocket, of: number): readonly NetlinkAnswer[] =>
  listAll(socket, 'list routes', { type: message.getRoute, head: headOf(of) });

/** One routing rule that matches a mark. */
export interface MarkRule {
  readonly family: 4 | 6;
  readonly mark: number;
  readonly table: number;
}

/** All rules of the namespace that look at a mark: ours, and those of a mesh. */
export function markRules(netlink: Netlink, netns: Netns): MarkRule[] {
  return netlink.withSocket(netns, netlinkProtocol.route, (socket) =>
    families.flatMap(([, of]) =>
      listRules(socket, of).flatMap(({ body }): MarkRule[] => {
        const found = readAttributes(body, routeHeadBytes);
        const mark = numberAttribute(found, ruleAttribute.mark);
        if (mark === undefined || body[0] !== of) return [];
        const table = numberAttribute(found, ruleAttribute.table) ?? body[4] ?? 0;
        return [{ family: of === family.inet ? 4 : 6, mark, table }];
      }),
    ),
  );
}

/** Which families have both our rule and our route. */
export function markRouting(netlink: Netlink, netns: Netns): MarkRouting {
  const rules = markRules(netlink, netns).filter(
    ({ mark, table }) => mark === agentMark && table === routingTable,
  );
  return netlink.withSocket(netns, netlinkProtocol.route, (socket) => {
    const routed = (of: number): boolean =>
      listRoutes(socket, of).some(
        ({ body }) =>
          body[0] === of &&
          numberAttribute(readAttributes(body, routeHeadBytes), routeAttribute.table) === routingTable,
      );
    return {
      ipv4: rules.some((rule) => rule.family === 4) && routed(family.inet),
      ipv6: rules.some((rule) => rule.family === 6) && routed(family.inet6),
    };
  });
}
